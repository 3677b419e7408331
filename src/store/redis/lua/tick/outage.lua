-- A claim whose reply was lost has been given back under its process's fence: if this is that
-- claim, late, it must not take anything.
local fence = tonumber(redis.call('GET', k_fences .. claimer) or '0')
local fenced = claim_number <= fence

-- While leases are out, somebody ticks every second. A longer silence means that the store or all
-- servers were away, and workers could not speak: leases get one more grace from now.
local tended = redis.call('HMGET', k_meta, 'tended', 'resumed', 'laned', 'gated_by', 'deleting', 'moves')
local resumed = tonumber(tended[2] or '0')
-- Whether the queue has ever had anything of what lib/key_queues.lua keeps.
local indirect = tended[3]
-- Of a queue that is being deleted nothing is handed out any more.
local is_deleting = tended[5] and true or false
local leases_out = redis.call('ZCARD', k_leases)
local outage = leases_out > 0 and tended[1] and now - tonumber(tended[1]) > silence
-- A clock that has jumped back must not make the grace endless.
if outage or resumed > now then
  resumed = now
  redis.call('HSET', k_meta, 'resumed', resumed)
end

-- The state of a message that an index names. An entry that names nobody, or a message that is
-- elsewhere, is a defect: it is taken away and counted, so that it can't stop every later tick.
local function indexed(index, id, state)
  local s = load_state(id)
  if s and s.state == state then return s end
  rank(index, id, false)
  count('healed')
  return nil
end
