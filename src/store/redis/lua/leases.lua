-- The live leases of a session in this queue. Reads only; a session holds at most 10,000.
local replies = {}
for _, id in ipairs(redis.call('HKEYS', k_session .. session)) do
  local s = load_state(id)
  if s and s.state == IN_FLIGHT and s.session == session then
    replies[#replies + 1] = struct.pack('>c16I4c16I4B', id, s.delivery, s.nonce, s.size,
      s.place == PLACE_ISOLATED and 1 or 0)
  end
end
return table.concat(replies)
