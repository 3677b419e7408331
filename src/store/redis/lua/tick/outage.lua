-- The first part of a tick: fence, outage, facts of the queue.

-- If the reply to a claim was lost, `abandon` sets a fence. A claim at or below the fence takes nothing.
local fence = tonumber(redis.call('GET', k_fences .. claimer) or '0')
local fenced = claim_number <= fence

-- While leases are out, some server ticks each second. A longer silence means that the store or all servers were down and
-- workers could not report: each lease gets one grace from now.
local meta = redis.call('HMGET', k_meta, META.LAST_TICK, META.RESUMED, META.USES_INDIRECT, META.LIMITED_BY, META.DELETING, META.HAS_MOVES, META.SHORTENED, META.POSTPONED)
local last_tick_at, resumed_at, limited_by = meta[1], tonumber(meta[2] or '0'), meta[4]
-- Whether the queue has ever used limiters by key, priorities, ordering or a retry budget.
local uses_indirect = meta[3]
local is_deleting, has_moves, shortened, has_postponed = meta[5] and true or false, meta[6], meta[7], meta[8]
local leases_out = redis.call('ZCARD', k_leases)
local outage = leases_out > 0 and last_tick_at and now - tonumber(last_tick_at) > silence
local stepped_back = last_tick_at and tonumber(last_tick_at) - now > silence
-- After the clock has stepped back the grace must still end.
if outage or resumed_at > now then
  resumed_at = now
  redis.call('HSET', k_meta, META.RESUMED, resumed_at)
end

-- Returns the state of a message that an index names. An entry without such a message is a defect: it is removed and counted,
-- so that it can't stop every later tick.
local function indexed(index, id, state)
  local s = load_state(id)
  if s and s.state == state then return s end
  rank(index, id, false)
  count(COUNTER.HEALED)
  return nil
end
