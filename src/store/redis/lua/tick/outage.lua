-- The first part of a tick: fence, outage, facts of the queue.

-- A claim whose reply was lost was given back under a fence of its process: if this is that claim, late, it takes nothing.
local fence = tonumber(redis.call('GET', k_fences .. claimer) or '0')
local fenced = claim_number <= fence

-- While leases are out, some server ticks each second. A longer silence means that the store or all servers were down and
-- workers could not report: leases get one more grace from now.
local tended = redis.call('HMGET', k_meta, 'tended', 'resumed', 'laned', 'gated_by', 'deleting', 'moves')
local resumed = tonumber(tended[2] or '0')
-- Whether the queue has ever used limiters by key, priorities, ordering or a retry budget.
local uses_indirect = tended[3]
local limited_by = tended[4]
local is_deleting = tended[5] and true or false
local has_moves = tended[6]
local leases_out = redis.call('ZCARD', k_leases)
local outage = leases_out > 0 and tended[1] and now - tonumber(tended[1]) > silence
-- After the clock has jumped back the grace must still end.
if outage or resumed > now then
  resumed = now
  redis.call('HSET', k_meta, 'resumed', resumed)
end

-- Returns the state of a message that an index names. An entry without such a message is a defect: it is removed and counted,
-- so that it can't stop every later tick.
local function indexed(index, id, state)
  local s = load_state(id)
  if s and s.state == state then return s end
  rank(index, id, false)
  count('healed')
  return nil
end
