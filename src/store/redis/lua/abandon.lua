-- Gives back, uncounted, what a claim took whose reply was lost, and fences the claim off in case
-- it has not run yet. Safe to repeat.
if claim_number > tonumber(redis.call('HGET', k_fences, node) or '0') then
  redis.call('HSET', k_fences, node, claim_number)
end
local given_back = 0
for at = FIRST, #ARGV, STRIDE do
  local nonce, session = ARGV[at + I_nonce], ARGV[at + I_session]
  for _, id in ipairs(redis.call('HKEYS', k_session .. session)) do
    local s = load_state(id)
    if s and s.state == IN_FLIGHT and s.nonce == nonce then
      leave(id, s)
      forget_lease(s)
      count('returned')
      schedule(id, s, now)
      journal('returned', id, s)
      given_back = given_back + 1
    end
  end
end
flush_counters()
flush_journal(journal_max)
flush_wake()
return given_back
