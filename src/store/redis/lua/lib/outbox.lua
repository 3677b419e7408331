-- The outbox of the partition: a stream of the state changes of its queues, in their order. An entry (layouts `outbox_entry` and
-- `change`) has changes of one queue, up to 64 of one script. Its id is the number of bytes before it, and its time: after a
-- failover that lost entries, no new entry gets the id of a lost one. The oldest entries are removed by bytes and age.
local CHANGES_PER_ENTRY = 64
-- Of an entry in the stream, about.
local ENTRY_BYTES = 40

local changes = {}

-- `s`: the message after its change. Its event fields go into the changes that accept and remove it.
local function add_change(kind, id, s, note)
  note = note or ''
  if #note > LIMIT.NOTE_BYTES then note = string.sub(note, 1, LIMIT.NOTE_BYTES) end
  local fields = s.event_fields or ''
  changes[#changes + 1] = write.change(s, { kind = kind, id = id, attempts = u16(s.attempts), note = note, fields = fields })
end

-- Returns where the outbox ends (layout `outbox_end`), also if that key was lost.
local function read_outbox_end()
  local v = redis.call('GET', p_outbox_end)
  if v then
    local last = record.outbox_end(v)
    return last
  end
  local last = { bytes = 0, changes = 0, epoch = 0, marked_at = 0, marked = 0, marked_before = 0 }
  local found = redis.call('XREVRANGE', p_outbox, '+', '-', 'COUNT', 1)[1]
  if found then
    local position, data = string.match(found[1], '^%d+'), found[2][4]
    local entry = record.outbox_entry(data)
    last.bytes, last.changes = tonumber(position) + #data + ENTRY_BYTES, entry.first + entry.count
  end
  return last
end

local function flush_changes(max_bytes, history_changed_at)
  if #changes == 0 then return end
  local last = read_outbox_end()
  -- Redis restarted or failed over: what came last before may be lost. A time to come is from before the clock stepped back.
  if history_changed_at > last.epoch or last.epoch > now then last.epoch = history_changed_at end
  local keep_from, is_new_mark = 0, math.abs(now - last.marked_at) >= LIMIT.OUTBOX_AGE_MS / 2
  if is_new_mark then
    -- What is before the earlier of two marks is older than the age.
    keep_from = last.marked_before
    last.marked_before, last.marked, last.marked_at = last.marked, last.bytes, now
  end
  for first = 1, #changes, CHANGES_PER_ENTRY do
    local count = math.min(CHANGES_PER_ENTRY, #changes - first + 1)
    local data = write.outbox_entry { first = last.changes, count = count, epoch = last.epoch }
      .. table.concat(changes, '', first, first + count - 1)
    local id = string.format('%d-%d', last.bytes, now)
    last.bytes, last.changes = last.bytes + #data + ENTRY_BYTES, last.changes + count
    keep_from = math.max(keep_from, last.bytes - max_bytes)
    redis.call('XADD', p_outbox, 'MINID', '~', string.format('%d', keep_from), id, 'q', QUEUE, 'd', data)
  end
  redis.call('SET', p_outbox_end, write.outbox_end(last))
  -- If nothing more comes.
  if is_new_mark then redis.call('PEXPIRE', p_outbox, 2 * LIMIT.OUTBOX_AGE_MS) end
end
