-- Gives back, uncounted, what a claim took whose reply was lost, and fences the claim off in case it has not run yet.
-- Safe to repeat.
-- KEYS: queue base
-- ARGV: claim_number, history_changed (as in tick.lua), journal_max, claimer, delivery_settings; items: session, nonce
-- Reply: how many messages were given back

-- No command is on its way for longer.
local FENCE_KEPT_MS = 3600000
local fence = k_fences .. claimer
local fenced_up_to = math.max(claim_number, tonumber(redis.call('GET', fence) or '0'))
redis.call('SET', fence, fenced_up_to, 'PX', FENCE_KEPT_MS)
local given_back = 0
for at = FIRST, #ARGV, STRIDE do
  local nonce, session = ARGV[at + I_nonce], ARGV[at + I_session]
  for _, id in ipairs(redis.call('HKEYS', k_session .. session)) do
    local s = load_state(id)
    if not s then
      put(k_session .. session, id, false)
      count(COUNTER.HEALED)
    elseif s.state == STATE.IN_FLIGHT and s.nonce == nonce then
      note_lost_delivery(s)
      leave(id, s)
      forget_lease(s)
      count(COUNTER.RETURNED)
      schedule(id, s, s.due)
      journal(JOURNAL.RETURNED, id, s)
      given_back = given_back + 1
    end
  end
end
finish()
return given_back
