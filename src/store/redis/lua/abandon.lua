-- Gives back, uncounted, what a claim took whose reply was lost, and fences the claim off in case it has not run yet.
-- Safe to repeat.
-- KEYS: queue base
-- ARGV: claim_number, history_changed (as in tick.lua), outbox_max_bytes, claimer, delivery_settings; items: session, nonce
-- Reply: how many messages were given back

local fence = k_fences .. claimer
local fenced_up_to = math.max(claim_number, tonumber(redis.call('GET', fence) or '0'))
redis.call('SET', fence, fenced_up_to, 'PX', LIMIT.CLAIM_KEPT_MS)
local nonces = {}
for at = FIRST, #ARGV, STRIDE do nonces[ARGV[at + I_nonce]] = true end

local last = redis.call('GET', k_claims .. claimer) or ''
local ids = {}
for at = 1, #last, 16 do ids[#ids + 1] = string.sub(last, at, at + 15) end
load_states(ids)
local given_back = 0
for _, id in ipairs(ids) do
  local s = load_state(id)
  -- Each claim has its own nonces.
  if s and s.state == STATE.IN_FLIGHT and nonces[s.nonce] then
    note_lost_delivery(s)
    leave(id, s)
    forget_lease(s)
    count(COUNTER.RETURNED)
    schedule(id, s, s.due)
    add_change(CHANGE.RETURNED, id, s)
    given_back = given_back + 1
  end
end
finish()
return given_back
