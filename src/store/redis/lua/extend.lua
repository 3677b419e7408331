-- Lets leases end one lease from now. A lease that has expired and that nobody has taken yet is
-- not brought back: its message may be handed out at any moment.
local replies = {}
for at = FIRST, #ARGV, STRIDE do
  local id = ARGV[at + I_id]
  local status, s = look_up(id, ARGV[at + I_delivery], ARGV[at + I_nonce])
  if status == APPLIED and s.state ~= IN_FLIGHT then status = LEASE_LOST end
  local expires = 0
  if status == APPLIED then
    local lease = tonumber(ARGV[at + I_lease])
    -- Saved only when it differs: a new version would void a verdict that is being reached.
    if lease and lease ~= s.lease then
      s.lease = lease
      save_state(id, s)
    end
    expires = now + s.lease
    redis.call('ZADD', k_leases, expires, id)
    journal('extended', id, s)
  end
  replies[#replies + 1] = struct.pack('>BI6', status, expires)
end
flush_journal(journal_max)
return table.concat(replies)
