-- Reads what metrics show of queues of a partition: a part of `stats`.
-- KEYS: partition base
-- ARGV: items: queue
-- Reply: for each queue layout `sizes`; a list of this and the entries of its workers, if it has any; '' if its data is damaged

-- Names of keys without their queue: here BASE is of no queue.
local function suffix(key) return string.sub(key, #BASE + 1) end
local s_counters, s_meta, s_workers, s_breakers = suffix(k_counters), suffix(k_meta), suffix(k_workers), suffix(k_breakers)
local s_due, s_isolated, s_indirect, s_holds = suffix(k_due), suffix(k_isolated), suffix(k_indirect), suffix(k_holds)
local s_leases, s_quarantine = suffix(k_leases), suffix(k_quarantine)
local s_chunks, s_states, s_by_age = suffix(k_chunks), suffix(k_states), suffix(k_by_age)

local function sizes_of(queue)
  local base = BASE .. queue
  local messages = tonumber(redis.call('HGET', base .. s_counters, COUNTER.MESSAGES) or '0')
  local due_now, in_flight, quarantined, held_keys, oldest = 0, 0, 0, 0, 0
  if messages > 0 then
    due_now = redis.call('ZCOUNT', base .. s_due, '-inf', now) + redis.call('ZCOUNT', base .. s_isolated, '-inf', now)
    in_flight, quarantined = redis.call('ZCARD', base .. s_leases), redis.call('ZCARD', base .. s_quarantine)
    oldest = oldest_in(base .. s_chunks, base .. s_states, base .. s_by_age)
    if redis.call('HGET', base .. s_meta, META.USES_INDIRECT) then
      due_now = due_now + redis.call('ZCOUNT', base .. s_indirect, '-inf', now)
      held_keys = redis.call('ZCARD', base .. s_holds)
    end
  end
  local sizes = write.sizes {
    now = now,
    messages = messages,
    due_now = due_now,
    in_flight = in_flight,
    quarantined = quarantined,
    oldest = oldest,
    open_breakers = redis.call('ZCARD', base .. s_breakers),
    held_keys = held_keys,
  }
  local entries = redis.call('HVALS', base .. s_workers)
  return #entries == 0 and sizes or { sizes, entries }
end

local reply = {}
for at = FIRST, #ARGV do
  local ok, sizes = pcall(sizes_of, ARGV[at])
  reply[#reply + 1] = ok and sizes or ''
end
return reply
