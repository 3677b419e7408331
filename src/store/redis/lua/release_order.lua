-- Lets an ordering key go on that waits behind a quarantined message, which stays where it is. Answers
-- its id; nothing if no key waits. Safe to repeat.
local turn = ordering.turn_of(order)
local s = turn and load_state(turn)
if not s or s.state ~= QUARANTINED then return '' end
ordering.leave(turn, s)
journal('order_released', turn, s)
finish()
return turn
