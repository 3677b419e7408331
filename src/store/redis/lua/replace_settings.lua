-- Replaces the settings of a queue, if they are those that were seen, and writes to the outbox what that does. The queue need not
-- exist.
-- KEYS: queue base
-- ARGV: change (a number of CHANGE; 0: none), history_changed (as in tick.lua), outbox_max_bytes, seen, after ('': none), revision
-- (random)
-- Reply: 1; 0: there are other settings by now
local NO_ID = string.rep('\0', 16)

if not replace_record(p_settings, QUEUE, seen, after, revision) then return 0 end
if change > 0 then
  add_change(change, NO_ID, { version = 0, state = 0, reason = 0, qreason = 0, attempts = 0, delivery = 0, due = 0 })
  flush_changes(outbox_max_bytes, history_changed)
end
return 1
