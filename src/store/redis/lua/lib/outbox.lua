-- The outbox of the partition: a stream of the state changes of its queues, in their order. An entry (layouts `outbox_entry` and
-- `change`) has changes of one queue, up to 64 of one script. Its id is the number of bytes before it, and its time: after a
-- failover that lost entries, no new entry gets the id of a lost one. The oldest entries are removed by bytes and age.
local CHANGES_PER_ENTRY = 64
-- Of an entry in the stream, about; of a node of the stream.
local ENTRY_BYTES, NODE_BYTES = 40, 4096

local changes = {}

-- `s`: the message after its change. Its event fields go into the changes that accept and remove it.
local function add_change(kind, id, s, note)
  note = note or ''
  if #note > LIMIT.NOTE_BYTES then note = string.sub(note, 1, LIMIT.NOTE_BYTES) end
  local fields = s.event_fields or ''
  changes[#changes + 1] = write.change(s, { kind = kind, id = id, attempts = u16(s.attempts), note = note, fields = fields })
end

-- Returns the value of `outbox_end` (layout `outbox_end`), also if that key was lost.
local function outbox_end()
  local v = redis.call('GET', p_outbox_end)
  if v then return v end
  local bytes, count = 0, 0
  local last = redis.call('XREVRANGE', p_outbox, '+', '-', 'COUNT', 1)[1]
  if last then
    local data = last[2][2]
    local entry = record.outbox_entry(data)
    bytes, count = tonumber(string.match(last[1], '^%d+')) + #data + ENTRY_BYTES, entry.first + entry.count
  end
  return write.outbox_end { bytes = bytes, count = count, epoch = 0, marked_at = 0, marked = 0, marked_before = 0 }
end

-- An outbox that refuses the entry, because a person has changed it, must not stop its queues: it begins again.
local function add_entry(id, data)
  local reply = redis.pcall('XADD', p_outbox, id, 'd', data)
  if type(reply) ~= 'table' then return end
  redis.call('UNLINK', p_outbox)
  redis.call('XADD', p_outbox, id, 'd', data)
end

local function flush_changes(max_bytes, history_changed_at)
  if #changes == 0 then return end
  local stored = outbox_end()
  local bytes, count, epoch, marked_at, marked, marked_before = read.outbox_end(stored)
  -- Redis restarted or failed over: what came last before may be lost. A time to come is from before the clock stepped back.
  if history_changed_at > epoch or epoch > now then epoch = history_changed_at end
  local keep_from, is_new_mark = 0, math.abs(now - marked_at) >= LIMIT.OUTBOX_AGE_MS / 2
  if is_new_mark then
    -- What is before the earlier of two marks is older than the age.
    keep_from, marked_before, marked, marked_at = marked_before, marked, bytes, now
  end
  local before = bytes
  for at = 1, #changes, CHANGES_PER_ENTRY do
    local last = math.min(at + CHANGES_PER_ENTRY - 1, #changes)
    local data = write.outbox_entry { first = count, count = last - at + 1, epoch = epoch, queue = QUEUE }
      .. table.concat(changes, '', at, last)
    add_entry(string.format('%d-%d', bytes, now), data)
    bytes, count = bytes + #data + ENTRY_BYTES, count + last - at + 1
  end
  -- Redis removes whole nodes of the stream.
  if is_new_mark or math.floor(before / NODE_BYTES) ~= math.floor(bytes / NODE_BYTES) then
    redis.call('XTRIM', p_outbox, 'MINID', '~', string.format('%d', math.max(keep_from, bytes - max_bytes)))
  end
  local changed = write.outbox_end { bytes = bytes, count = count, epoch = epoch, marked_at = marked_at, marked = marked,
    marked_before = marked_before }
  redis.call('SET', p_outbox_end, changed)
  -- If nothing more comes.
  if is_new_mark then redis.call('PEXPIRE', p_outbox, 2 * LIMIT.OUTBOX_AGE_MS) end
end
