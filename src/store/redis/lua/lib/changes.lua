-- The state changes that this script makes, packed (layout `change`). outbox.lua writes them.
local changes = {}

-- Returns the event fields of a message; '': it has none, or they are damaged. Reads them once in a script.
local function event_fields_of(id, s)
  if s.event_fields then return s.event_fields end
  if not s.marks or s.marks == 0 or not has_mark(s, MARK.EVENT_FIELDS) then return '' end
  local found = redis.pcall('HGET', k_event_fields .. chunk_of(id), id)
  s.event_fields = type(found) == 'string' and #found <= LIMIT.EVENT_FIELDS_BYTES and found or ''
  return s.event_fields
end

-- `s`: the message after its change, or as much of it as a change of no message has.
local function add_change(kind, id, s, note)
  if s.marks and s.marks >= MARK.CANARY then canary.note(kind, id, s) end
  note = note or ''
  if #note > LIMIT.NOTE_BYTES then note = string.sub(note, 1, LIMIT.NOTE_BYTES) end
  -- Each delivery has these.
  local is_frequent = kind == CHANGE.CLAIMED or kind == CHANGE.RETURNED
  local fields = is_frequent and '' or event_fields_of(id, s)
  -- A message that moves is due in the other queue.
  local due = s.place == PLACE.MOVING and 0 or s.due
  changes[#changes + 1] = write.change(s, { kind = kind, id = id, attempts = u16(s.attempts), due = due, note = note,
    fields = fields })
end
