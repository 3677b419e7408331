-- Ends moves: what the other queue has taken in is removed here; what it has refused stays, and goes on here
-- as its verdict said. Answers for each whether that was still to be done. Safe to repeat.
load_token_states()

local function stay(id, s)
  local _, qreason, due = struct.unpack('>BBI6', s.move)
  local target = string.sub(s.move, 9)
  leave(id, s)
  s.place, s.move = PLACE_DUE, ''
  if qreason > 0 then quarantine(id, s, qreason) else schedule(id, s, due) end
  journal('move_refused', id, s, target)
end

local replies = {}
for at = FIRST, #ARGV, STRIDE do
  local id, delivery, received = struct.unpack('>c16I4B', ARGV[at])
  local s = load_state(id)
  local is_open = s and s.state == SCHEDULED and s.place == PLACE_MOVING and s.delivery == delivery
  if is_open then
    if received == 1 then depart(id, s) else stay(id, s) end
  end
  replies[#replies + 1] = is_open and '\1' or '\0'
end
finish()
return table.concat(replies)
