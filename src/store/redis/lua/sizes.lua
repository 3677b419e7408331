-- Reads what metrics show of a queue: a part of `stats`, for many queues. Writes nothing.
-- KEYS: queue base
-- ARGV: none
-- Reply: layout `sizes`; for each worker its entry

local messages = tonumber(redis.call('HGET', k_counters, COUNTER.MESSAGES) or '0')
local due_now, in_flight, quarantined, held_keys = 0, 0, 0, 0
if messages > 0 then
  due_now = redis.call('ZCOUNT', k_due, '-inf', now) + redis.call('ZCOUNT', k_isolated, '-inf', now)
  in_flight, quarantined = redis.call('ZCARD', k_leases), redis.call('ZCARD', k_quarantine)
  if redis.call('HGET', k_meta, META.USES_INDIRECT) then
    due_now = due_now + redis.call('ZCOUNT', k_indirect, '-inf', now)
    held_keys = redis.call('ZCARD', k_holds)
  end
end
return {
  write.sizes {
    now = now,
    messages = messages,
    due_now = due_now,
    in_flight = in_flight,
    quarantined = quarantined,
    oldest = messages > 0 and oldest() or 0,
    open_breakers = redis.call('ZCARD', k_breakers),
    held_keys = held_keys,
  },
  unpack(redis.call('HVALS', k_workers)),
}
