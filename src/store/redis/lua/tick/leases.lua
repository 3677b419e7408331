-- Takes back the leases that have expired.
local lost = {}

local function expire(id, s)
  local session, held = s.session, math.max(0, now - s.since)
  -- While a breaker is open, a lease that ends does not count against the message.
  local exempt = has_breakers and breakers.expired(s)
  leave(id, s)
  s.expiries, s.unknown = s.expiries + (exempt and 0 or 1), s.unknown + 1
  count(COUNTER.LEASE_EXPIRIES)
  if s.expiries >= crash_loop_at then
    quarantine(id, s, QUARANTINE.CRASH_LOOP)
  else
    s.place = s.expiries >= isolate_at and PLACE.ISOLATED or PLACE.DUE
    schedule(id, s, now)
  end
  journal(JOURNAL.EXPIRED_LEASE, id, s)
  lost[#lost + 1] = write.lost_lease { session = session, id = id, delivery = s.delivery, state = s.state, held = held }
end

-- A lease gets one grace: otherwise it never ends if ticks keep coming late. Its end is then half a millisecond less than a
-- whole number; claims and extensions write whole numbers.
local GRACE_MARK = 0.5

local function expire_leases()
  local expired = redis.call('ZRANGEBYSCORE', k_leases, '-inf', now, 'WITHSCORES', 'LIMIT', 0, batch)
  local ids, had_grace = {}, {}
  for at = 1, #expired, 2 do
    local id = expired[at]
    ids[#ids + 1], had_grace[id] = id, tonumber(expired[at + 1]) % 1 > 0
  end
  load_states(ids)
  for _, id in ipairs(ids) do
    local s = indexed(k_leases, id, STATE.IN_FLIGHT)
    if s then
      local grace_end = resumed_at + math.min(s.lease, grace)
      if grace_end > now and not had_grace[id] then
        rank(k_leases, id, grace_end - GRACE_MARK)
      else
        expire(id, s)
      end
    end
  end
end
