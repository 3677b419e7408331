-- Collects writes and sends them together, one command a key: calls to Redis are most of what a script costs.
-- A batch of a key either sets or deletes; a change from one to the other writes the batch first, so that the
-- last write of a field or member wins. load_state sees states that are not written yet. Before any other read
-- of what this script may have written, call flush_writes.
--
-- A key of the wrong type ends a script between two writes. Therefore a message enters its new index before its
-- state changes, and leaves the old one after: `indexed` removes entries that do not fit a state, and a message
-- that is in no index would be lost.
local flush_writes, put, rank

do
  local ORDER = { 'ZADD', 'HSET', 'HDEL', 'ZREM' }
  local OPPOSITE = { ZADD = 'ZREM', ZREM = 'ZADD', HSET = 'HDEL', HDEL = 'HSET' }
  local batches = { ZADD = {}, HSET = {}, HDEL = {}, ZREM = {} }
  -- A command takes its arguments from Lua's stack, which holds 8,000 values.
  local BATCH_MAX = 4000

  local function write_out(command, key, batch)
    redis.call(command, key, unpack(batch, 1, batch.n))
    batches[command][key] = nil
  end

  function flush_writes()
    for _, command in ipairs(ORDER) do
      for key, batch in pairs(batches[command]) do redis.call(command, key, unpack(batch, 1, batch.n)) end
      batches[command] = {}
    end
  end

  -- The batch of this key and command, with room for two more values.
  local function batch_of(command, key)
    local opposite = OPPOSITE[command]
    local before = batches[opposite][key]
    if before then write_out(opposite, key, before) end
    local batch = batches[command][key]
    if batch then
      if batch.n < BATCH_MAX then return batch end
      write_out(command, key, batch)
    end
    batch = { n = 0 }
    batches[command][key] = batch
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
