-- One page of the live leases of a session in this queue. The walk may return a lease twice, and misses none that lasts
-- through it. Writes nothing.
-- KEYS: queue base
-- ARGV: session, cursor ('0' to begin)
-- Reply: the next cursor ('0': no more); `held_lease` for each
local page = redis.call('HSCAN', k_session .. session, cursor, 'COUNT', 250)
local replies = {}
for at = 1, #page[2], 2 do
  local id = page[2][at]
  local s = load_state(id)
  if s and s.state == STATE.IN_FLIGHT and s.session == session then
    replies[#replies + 1] = write.held_lease(s, { id = id, isolated = s.place == PLACE.ISOLATED and 1 or 0 })
  end
end
return { page[1], table.concat(replies) }
