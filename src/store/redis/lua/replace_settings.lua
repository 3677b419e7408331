-- Replaces the settings of a queue, if they are those that were seen, and writes to the outbox what that does. The queue need not
-- exist.
-- KEYS: queue base
-- ARGV: change (a number of CHANGE; 0: none), notes_end (0 or 1: `after` gets where the outbox ends), history_changed (as in
-- tick.lua), outbox_max_bytes, seen, after ('': none), revision (random)
-- Reply: 1; 0: there are other settings by now
local NO_ID = string.rep('\0', 16)

local function varint(number)
  local bytes = {}
  while number >= 128 do
    bytes[#bytes + 1] = string.char(128 + number % 128)
    number = math.floor(number / 128)
  end
  return table.concat(bytes) .. string.char(number)
end

-- Returns the fields `epoch_ms` and `next` in the field `past_redact` of a QueueRecord in Protocol Buffers: behind a record, they are
-- added to that field. While it cannot be read where the outbox ends, all changes are before that.
local function encoded_end()
  local is_sound, last = pcall(read_outbox_end)
  if not is_sound then last = { epoch = 2 * EPOCH_MAX, count = 0 } end
  local position = '\16' .. varint(last.epoch) .. '\24' .. varint(last.count)
  return '\34' .. varint(#position) .. position
end

if notes_end > 0 and after ~= '' then after = after .. encoded_end() end
if not replace_record(p_settings, QUEUE, seen, after, revision) then return 0 end
if change > 0 then
  add_change(change, NO_ID, { version = 0, state = 0, reason = 0, qreason = 0, attempts = 0, delivery = 0, due = 0 })
  flush_changes(outbox_max_bytes, history_changed)
end
return 1
