-- Reads what holds back a scheduled message besides its due time. Writes nothing.
-- KEYS: queue base
-- ARGV: delivery_settings, id
-- Reply: layout `blocks`; '': no scheduled message has this id
local s = load_state(id)
if not s or s.state ~= STATE.SCHEDULED then return '' end

local reply = { limiter = 0, key = s.key, in_flight = 0, check_at = 0, breaker = BREAKER.CLOSED, retry_at = 0,
  order = s.order, turn = '', turn_state = 0, hold_ends = 0, ahead = BLOCK.NO_RANK }

if has_flag(s, FLAG.WAITING) then
  local turn = ordering.turn_of(s.order) or ''
  local other = turn ~= '' and load_state(turn)
  local hold_ends = tonumber(redis.call('ZSCORE', k_holds, s.order) or '0')
  reply.turn, reply.turn_state = turn, other and other.state or 0
  reply.hold_ends = hold_ends < math.huge and hold_ends or 0
end

local function note_limiter(limiter)
  reply.limiter = limiter == BUDGET_LIMITER and BLOCK.BUDGET or BLOCK.KEY
  reply.check_at = tonumber(redis.call('ZSCORE', k_limiters, limiter) or '0')
  if reply.limiter == BLOCK.BUDGET then return end
  reply.in_flight = key_queues.in_flight(s.key)
end

local name = s.place == PLACE.DUE and key_queues.of(s)
if name then
  for _, limiter in ipairs(key_queues.limiters_of(key_queues.read(name))) do
    if reply.limiter == 0 and redis.call('SISMEMBER', k_blocked .. limiter, name) == 1 then note_limiter(limiter) end
  end
end

local breaker = breakers.of_message(s)
if breaker then
  reply.breaker, reply.retry_at = breaker.state, breaker.state == BREAKER.OPEN and breaker.retry_at or 0
end

-- A message in a key queue or with a priority has no place in the order of the others.
if is_plain(s) then reply.ahead = redis.call('ZRANK', k_due, id) or BLOCK.NO_RANK end
return write.blocks(reply)
