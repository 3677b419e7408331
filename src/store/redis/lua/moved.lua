-- Ends moves. A message that the target has taken in is removed here; one that it has refused stays, as its verdict
-- said. Safe to repeat.
-- KEYS: queue base
-- ARGV: history_changed (as in tick.lua), outbox_max_bytes, delivery_settings; items: facts (layout `move_end`)
-- Reply: one byte for each: 1, if the move was still to end
load_token_states()

local function stay(id, s)
  local refused_qreason, refused_due = read.move_plan(s.move)
  local target = move_target(s)
  note_lost_delivery(s)
  leave(id, s)
  s.place, s.move = PLACE.DUE, ''
  timeline.add(id, s, { kind = EVENT.MOVE_REFUSED, delivery = s.delivery, who = target })
  if refused_qreason > 0 then quarantine(id, s, refused_qreason) else schedule(id, s, refused_due) end
  add_change(CHANGE.MOVE_REFUSED, id, s, target)
end

local replies = {}
for at = FIRST, #ARGV, STRIDE do
  local id, delivery, began, received = read.move_end(ARGV[at])
  local s = load_state(id)
  local is_open = s and s.state == STATE.SCHEDULED and s.place == PLACE.MOVING and s.delivery == delivery
    and move_began(s) == began
  if is_open then
    if received == 1 then depart(id, s) else stay(id, s) end
  end
  replies[#replies + 1] = is_open and '\1' or '\0'
end
finish()
return table.concat(replies)
