-- Releases an ordering key that waits behind a quarantined message; the message stays in quarantine. Safe to repeat.
-- KEYS: queue base
-- ARGV: history_changed (as in tick.lua), outbox_max_bytes, order (the ordering key), delivery_settings
-- Reply: the id of the message; '': the key does not wait behind one
local turn = ordering.turn_of(order)
local s = turn and load_state(turn)
if not s or s.state ~= STATE.QUARANTINED then return '' end
ordering.leave(turn, s)
add_change(CHANGE.ORDER_RELEASED, turn, s)
finish()
return turn
