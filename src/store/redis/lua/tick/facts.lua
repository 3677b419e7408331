-- The first part of a tick: fence, outage, facts of the queue.

-- If the reply to a claim was lost, `abandon` sets a fence. A claim at or below the fence takes nothing.
local fence = tonumber(redis.call('GET', k_fences .. claimer) or '0')
local fenced = claim_number <= fence

local meta = redis.call('HMGET', k_meta, META.USES_INDIRECT, META.LIMITED_BY, META.DELETING, META.HAS_MOVES,
  META.LEASES_CHECKED, META.POSTPONED, META.CHECK_CURSOR,
  META.KEEPS_DELETED)
-- Whether the queue has ever used limiters by key, priorities, ordering or a retry budget.
local uses_indirect, limited_by, check_cursor = meta[1], meta[2], meta[7]
local is_deleting, has_moves, leases_checked, has_postponed = meta[3] and true or false, meta[4], meta[5], meta[6]
local keeps_deleted = meta[8]
local leases_out = redis.call('ZCARD', k_leases)
-- Each lease gets one grace from here.
local resumed_at = tending.resumed_at

-- Returns the state of a message that an index names. An entry without such a message is a defect: it is removed and counted,
-- so that it can't stop every later tick.
local function indexed(index, id, state)
  local s = load_state(id)
  if s and s.state == state then return s end
  rank(index, id, false)
  count(COUNTER.HEALED)
  return nil
end
