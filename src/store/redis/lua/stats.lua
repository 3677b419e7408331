-- Reads what Stats reports of a queue. Costs the same however much is stored. Writes nothing.
-- KEYS: queue base
-- ARGV: none
-- Reply: layout `stats`; all counters; two values for each worker: its entry, and how many leases it holds here

local function rate(name)
  local v = redis.call('HGET', k_rates, name)
  if not v then return 0 end
  local per_second, at = read.rate(v)
  return per_second * math.exp(-math.max(0, now - at) / RATE_TAU_MS)
end

local workers = {}
local entries = redis.call('HGETALL', k_workers)
for at = 1, #entries, 2 do
  workers[#workers + 1] = entries[at + 1]
  workers[#workers + 1] = redis.call('HLEN', k_session .. entries[at])
end

local uses_indirect = redis.call('HGET', k_meta, META.USES_INDIRECT)
local indirect, indirect_due, first_indirect = 0, 0, 0
if uses_indirect then
  indirect, first_indirect = redis.call('ZCARD', k_indirect), first_score(k_indirect)
  indirect_due = redis.call('ZCOUNT', k_indirect, '-inf', now)
end
local breaker = breakers.of('')
-- As stored: the caller has the rate that fills it.
local rate_tokens, rate_at = 0, 0
do
  local v = redis.call('GET', k_bucket .. 'q')
  if v then
    local tokens, at = read.bucket(v)
    rate_tokens, rate_at = tokens, at
  end
end

local isolated_due = redis.call('ZCOUNT', k_isolated, '-inf', now)
local next_due, isolated = first_score(k_due), first_score(k_isolated)
if isolated > 0 and (next_due == 0 or isolated < next_due) then next_due = isolated end
if first_indirect > 0 and (next_due == 0 or first_indirect < next_due) then next_due = first_indirect end
return {
  write.stats {
    now = now,
    scheduled = redis.call('ZCARD', k_due) + redis.call('ZCARD', k_isolated) + indirect + redis.call('ZCARD', k_moving),
    due_now = redis.call('ZCOUNT', k_due, '-inf', now) + isolated_due + indirect_due,
    isolated_due = isolated_due,
    in_flight = redis.call('ZCARD', k_leases),
    quarantined = redis.call('ZCARD', k_quarantine),
    next_due = next_due,
    oldest_quarantined = first_score(k_quarantine),
    oldest = oldest_in(k_chunks, k_states, k_by_age),
    accepted = rate(COUNTER.ACCEPTED),
    delivered = rate(COUNTER.DELIVERIES),
    succeeded = rate(COUNTER.SUCCEEDED),
    failed = rate(COUNTER.FAILED_ATTEMPTS),
    breaker = breaker.state,
    breaker_retry_at = breaker.state == BREAKER.OPEN and breaker.retry_at or 0,
    open_breakers = redis.call('ZCARD', k_breakers),
    held_keys = uses_indirect and redis.call('ZCARD', k_holds) or 0,
    blocking_limiters = uses_indirect and redis.call('ZCARD', k_limiters) or 0,
    rate_tokens = rate_tokens,
    rate_at = rate_at,
  },
  redis.call('HGETALL', k_counters),
  workers,
}
