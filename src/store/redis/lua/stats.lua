-- All that Stats tells of a queue. Reads only, and costs the same however much is stored.
local function head(key)
  local h = redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')
  return h[2] and tonumber(h[2]) or 0
end

-- Messages keep the order of their arrival in their chunks: the oldest is in the first chunk, or came from
-- another queue. (One that was older when it came to the service may be elsewhere.)
local function oldest()
  local first = redis.call('ZRANGE', k_chunks, 0, 0)[1]
  if not first then return 0 end
  local first_moved_in = head(k_by_age)
  local at = first_moved_in > 0 and first_moved_in or math.huge
  for _, id in ipairs(redis.call('HKEYS', k_states .. first)) do at = math.min(at, created_at(id)) end
  return at == math.huge and 0 or at
end

local function rate(name)
  local v = redis.call('HGET', k_rates, name)
  if not v then return 0 end
  local r, at = struct.unpack('>dI6', v)
  return r * math.exp(-math.max(0, now - at) / RATE_TAU_MS)
end

-- Of each worker its entry, and how many leases it holds here.
local workers = {}
local entries = redis.call('HGETALL', k_workers)
for at = 1, #entries, 2 do
  workers[#workers + 1] = entries[at + 1]
  workers[#workers + 1] = redis.call('HLEN', k_session .. entries[at])
end

-- What is scheduled with a priority, in a key_queue, or behind its ordering key.
local used = redis.call('HGET', k_meta, 'laned')
local indirect, indirect_due, first_indirect = 0, 0, 0
if used then
  indirect, indirect_due, first_indirect = redis.call('ZCARD', k_indirect), redis.call('ZCOUNT', k_indirect, '-inf', now), head(k_indirect)
end
local breaker = breakers.of('')
-- As stored: whoever asks knows the rate that fills it. No instant: it is full.
local tokens, tokens_at = 0, 0
do
  local bucket = redis.call('GET', k_bucket .. 'q')
  if bucket then tokens, tokens_at = struct.unpack('>dI6', bucket) end
end

local isolated_due = redis.call('ZCOUNT', k_isolated, '-inf', now)
local due, isolated = head(k_due), head(k_isolated)
local next_due = due
if isolated > 0 and (due == 0 or isolated < due) then next_due = isolated end
if first_indirect > 0 and (next_due == 0 or first_indirect < next_due) then next_due = first_indirect end
return {
  struct.pack('>I6I6I6I6I6I6I6I6I6ddddBI6I6I6I6dI6', now,
    redis.call('ZCARD', k_due) + redis.call('ZCARD', k_isolated) + indirect + redis.call('ZCARD', k_moving),
    redis.call('ZCOUNT', k_due, '-inf', now) + isolated_due + indirect_due, isolated_due,
    redis.call('ZCARD', k_leases), redis.call('ZCARD', k_quarantine),
    next_due, head(k_quarantine), oldest(),
    rate('accepted'), rate('deliveries'), rate('succeeded'), rate('failed_attempts'),
    breaker.state, breaker.state == OPEN and breaker.till or 0, redis.call('ZCARD', k_breakers), used and redis.call('ZCARD', k_holds) or 0,
    used and redis.call('ZCARD', k_limiters) or 0, tokens, tokens_at),
  redis.call('HGETALL', k_counters),
  workers,
}
