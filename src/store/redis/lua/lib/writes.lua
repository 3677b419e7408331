-- Collects writes and sends them together, one command a key: calls to Redis are most of what a script costs.
-- A batch of a key either sets or deletes; a change from one to the other writes the batch first, so that the
-- last write of a field or member wins. load_state sees states that are not written yet. Before any other read
-- of what this script may have written, call flush_writes.
local flush_writes, put, rank

do
  local batches = {}
  -- A command takes its arguments from Lua's stack, which holds 8,000 values.
  local BATCH_MAX = 4000

  local function write_out(key, batch)
    redis.call(batch.command, key, unpack(batch, 1, batch.n))
    batches[key] = nil
  end

  function flush_writes()
    for key, batch in pairs(batches) do redis.call(batch.command, key, unpack(batch, 1, batch.n)) end
    batches = {}
  end

  -- The batch of this key and command, with room for two more values.
  local function batch_of(command, key)
    local batch = batches[key]
    if batch then
      if batch.command == command and batch.n < BATCH_MAX then return batch end
      write_out(key, batch)
    end
    batch = { command = command, n = 0 }
    batches[key] = batch
    return batch
  end

  -- Sets a field of a hash; with false deletes it.
  function put(key, field, value)
    local batch = batch_of(value and 'HSET' or 'HDEL', key)
    local n = batch.n + 1
    batch[n] = field
    if value then
      n = n + 1
      batch[n] = value
    end
    batch.n = n
  end

  -- Sets the score of a member of a sorted set; with false removes the member.
  function rank(key, member, score)
    local batch = batch_of(score and 'ZADD' or 'ZREM', key)
    local n = batch.n
    if score then
      n = n + 1
      batch[n] = score
    end
    batch[n + 1] = member
    batch.n = n + 1
  end
end
