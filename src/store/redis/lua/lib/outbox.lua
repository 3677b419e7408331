-- The outbox of the partition: a stream of the state changes of its queues, in their order. An entry (layouts `outbox_entry` and
-- `change`) has changes of one queue, up to 64 of one script. Its id is the number of bytes before it, and its time: after a
-- failover that lost entries, no new entry gets the id of a lost one. The oldest entries are removed by bytes and age. What a reader
-- (`/outbox-readers` in keys.ts) has not read is removed later, by its own limit of bytes, and by the same age.
local CHANGES_PER_ENTRY = 64
-- Bytes that Redis needs for an entry, estimated; and bytes of a node of a stream.
local ENTRY_BYTES, NODE_BYTES = 40, 4096
-- Six bytes have room for twice as much.
local EPOCH_MAX, EPOCH_SPREAD = 140737488355328, 65536

-- Returns the latest epoch that is also in the partition's `meta`, in case the keys of the outbox are lost; 0: none.
local function noted_epoch()
  local noted = redis.pcall('HGET', p_meta, PARTITION_META.OUTBOX_EPOCH)
  local epoch = type(noted) == 'string' and tonumber(noted) or 0
  return epoch < EPOCH_MAX and epoch or 0
end

-- Returns where the outbox ends (layout `outbox_end`), also if that key was lost.
local function read_outbox_end()
  local v = redis.call('GET', p_outbox_end)
  if v then
    local last = record.outbox_end(v)
    return last
  end
  local start = { bytes = 0, count = 0, epoch = 0, history = 0, marked_at = 0, marked = 0, marked_before = 0, is_new_epoch = true }
  local found = redis.call('XREVRANGE', p_outbox, '+', '-', 'COUNT', 1)[1]
  if found then
    local data = found[2][2]
    local entry = record.outbox_entry(data)
    start.bytes = tonumber(string.match(found[1], '^%d+')) + #data + ENTRY_BYTES
    start.count, start.epoch, start.marked_at = entry.first + entry.count, entry.epoch, now
  end
  -- Later entries may be lost, too.
  start.epoch = math.max(now, start.epoch + 1, noted_epoch() + 1)
  return start
end

-- Returns where the outbox ends. What a person has changed so that it cannot be read must not stop its queues: it is removed, first
-- the end, which is also in the last entry.
local function read_sound_end()
  for _, key in ipairs { p_outbox_end, p_outbox } do
    local is_sound, last = pcall(read_outbox_end)
    if is_sound then return last end
    redis.call('UNLINK', key)
  end
  return read_outbox_end()
end

-- An epoch and a number never name two changes, whatever is lost. A restart or failover of Redis may have lost the latest changes and
-- epochs: the next one is later, also if the clock is behind, and then by a number that another failover hardly has.
local function begin_epoch(last, at)
  last.epoch = at > last.epoch and at or last.epoch + 1 + at % EPOCH_SPREAD
  last.is_new_epoch = true
end

local function note_epoch(last)
  if last.is_new_epoch then redis.pcall('HSET', p_meta, PARTITION_META.OUTBOX_EPOCH, string.format('%d', last.epoch)) end
end

local function set_epoch(last, history_changed_at)
  if history_changed_at ~= last.history then begin_epoch(last, history_changed_at) end
  last.history = history_changed_at
  note_epoch(last)
end

-- Adds all changes. Returns false if Redis refuses an entry.
local function add_entries(last)
  for at = 1, #changes, CHANGES_PER_ENTRY do
    local size = math.min(CHANGES_PER_ENTRY, #changes - at + 1)
    local data = write.outbox_entry { first = last.count, count = size, epoch = last.epoch, queue = QUEUE }
      .. table.concat(changes, '', at, at + size - 1)
    local reply = redis.pcall('XADD', p_outbox, string.format('%d-%d', last.bytes, now), 'd', data)
    if type(reply) == 'table' then return false end
    last.bytes, last.count = last.bytes + #data + ENTRY_BYTES, last.count + size
  end
  return true
end

-- Returns the position from which on live readers need the entries; math.huge: there is no such reader. What is no reader's value is
-- ignored.
local function first_unread(last)
  local first, found = math.huge, redis.pcall('HGETALL', p_outbox_readers)
  for at = 2, #found, 2 do
    local position, keep, written = string.match(found[at], '^(%d+) (%d+) (%d+)%f[%D]')
    if position and math.abs(now - tonumber(written)) < LIMIT.OUTBOX_AGE_MS then
      first = math.min(first, math.max(tonumber(position), last.bytes - tonumber(keep)))
    end
  end
  return first
end

-- Removes whole nodes of the stream before a position: 10,000 entries at most, unless Redis is configured for larger nodes.
-- Returns how many entries.
local function remove_nodes(to)
  return redis.call('XTRIM', p_outbox, 'MINID', '~', to)
end

-- Removes the oldest entries, now and then. `before`: where the outbox ended before this script.
local function trim(last, before, max_bytes)
  local since_mark = math.abs(now - last.marked_at)
  local is_new_mark = since_mark >= LIMIT.OUTBOX_AGE_MS / 2
  if not is_new_mark and math.floor(before / NODE_BYTES) == math.floor(last.bytes / NODE_BYTES) then return end
  local keep_from = math.min(last.bytes - max_bytes, first_unread(last))
  if not is_new_mark then
    remove_nodes(string.format('%d', math.max(0, keep_from)))
    return
  end
  -- Entries before the second last mark are older than the age, or more, if changes are rare.
  local aged = since_mark >= LIMIT.OUTBOX_AGE_MS * 1.5 and before or since_mark >= LIMIT.OUTBOX_AGE_MS and last.marked
    or last.marked_before
  -- If no more changes come.
  redis.call('PEXPIRE', p_outbox, 2 * LIMIT.OUTBOX_AGE_MS)
  local to = string.format('%d', math.max(0, keep_from, aged))
  if remove_nodes(to) > 0 and remove_nodes(to) > 0 then
    -- There may be more, and others wait: the next script goes on, as if the last mark was half an age ago.
    last.marked_before, last.marked, last.marked_at = aged, math.max(aged, last.marked), now - LIMIT.OUTBOX_AGE_MS / 2
    return
  end
  -- Less than a node.
  redis.call('XTRIM', p_outbox, 'MINID', to)
  last.marked_before, last.marked, last.marked_at = last.marked, before, now
end

local function flush_changes(max_bytes, history_changed_at)
  if #changes == 0 then return end
  local last = read_sound_end()
  local before = last.bytes
  set_epoch(last, history_changed_at)
  if not add_entries(last) then
    -- A person has changed the stream or its end. It begins again, and its numbers go on: readers find how many changes they miss.
    redis.call('UNLINK', p_outbox)
    begin_epoch(last, now)
    note_epoch(last)
    add_entries(last)
  end
  trim(last, before, max_bytes)
  redis.call('SET', p_outbox_end, write.outbox_end(last))
  changes = {}
end
