-- Lets leases end one lease from now. A lease that has expired and that nobody has taken yet is
-- not brought back: its message may be handed out at any moment.
local replies = {}
load_token_states()
for at = FIRST, #ARGV, STRIDE do
  local id, delivery, nonce = struct.unpack(TOKEN_FORMAT, ARGV[at])
  local status, s = look_up(id, delivery, nonce)
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
    rank(k_leases, id, expires)
    journal('extended', id, s)
  end
  replies[#replies + 1] = struct.pack('>BI6', status, expires)
end
finish()
return table.concat(replies)
