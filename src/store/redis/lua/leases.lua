-- One page of the live leases of a session in this queue. Reads only. The walk may name a lease
-- twice, and misses none that lasts through it.
local page = redis.call('HSCAN', k_session .. session, cursor, 'COUNT', 250)
local replies = {}
for at = 1, #page[2], 2 do
  local id = page[2][at]
  local s = load_state(id)
  if s and s.state == IN_FLIGHT and s.session == session then
    replies[#replies + 1] = struct.pack('>c16I4c16I4B', id, s.delivery, s.nonce, s.size,
      s.place == PLACE_ISOLATED and 1 or 0)
  end
end
return { page[1], table.concat(replies) }
