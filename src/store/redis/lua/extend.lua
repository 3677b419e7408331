-- Sets leases to end one full lease from now. A lease that has expired is not extended, even if nobody has claimed the message
-- yet: it may be handed out at any moment.
-- KEYS: queue base
-- ARGV: items: token, lease (milliseconds; '': as before)
-- Reply: `extended` for each
local replies = {}
load_token_states()
for at = FIRST, #ARGV, STRIDE do
  local id, delivery, nonce = read.token(ARGV[at])
  local status, s = look_up(id, delivery, nonce)
  if status == TOKEN.APPLIED and s.state ~= STATE.IN_FLIGHT then status = TOKEN.LEASE_LOST end
  local lease_end = 0
  if status == TOKEN.APPLIED then
    local lease = tonumber(ARGV[at + I_lease])
    -- Saved only if it differs: a new version would void a verdict that is under way.
    if lease and lease ~= s.lease then
      s.lease = lease
      save_state(id, s)
    end
    lease_end = now + s.lease
    rank(k_leases, id, lease_end)
    note_tend(lease_end)
  end
  replies[#replies + 1] = write.extended { status = status, lease_end = lease_end }
end
flush_writes()
flush_wake()
return table.concat(replies)
