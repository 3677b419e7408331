-- Takes back the leases that have expired.
local lost = {}

local function expire(id, s)
  local session, held = s.session, math.max(0, now - s.since)
  local event = { kind = EVENT.LEASE_LOST, began = s.since, delivery = s.delivery, holder = holder_of(session) }
  -- While a breaker is open, a lease that ends does not count against the message.
  local exempt = has_breakers and breakers.expired(s)
  note_lost_delivery(s)
  leave(id, s)
  s.expiries, s.unknown = s.expiries + (exempt and 0 or 1), s.unknown + 1
  count(COUNTER.LEASE_EXPIRIES)
  local is_crash_loop = s.expiries >= crash_loop_at
  if is_crash_loop then event.qreason = QUARANTINE.CRASH_LOOP end
  timeline.add(id, s, event)
  if is_crash_loop then
    quarantine(id, s, QUARANTINE.CRASH_LOOP)
  else
    s.place = s.expiries >= isolate_at and PLACE.ISOLATED or PLACE.DUE
    schedule(id, s, now)
  end
  add_change(CHANGE.LEASE_EXPIRED, id, s)
  lost[#lost + 1] = write.lost_lease { session = session, id = id, delivery = s.delivery, state = s.state, held = held }
end

-- Returns the ids of leases and the ends by id, and reads their states ahead.
local function read_leases(found)
  local ids, ends = {}, {}
  for at = 1, #found, 2 do
    ids[#ids + 1], ends[found[at]] = found[at], tonumber(found[at + 1])
  end
  load_states(ids)
  return ids, ends
end

-- After the clock has stepped back, leases would last longer by the step. Looks at `batch` of them, from where the last tick
-- ended: any of them may be too long. Returns whether some are left for the next tick.
local function shorten_leases()
  local after = ''
  if leases_checked then
    local check = record.lease_check(leases_checked)
    -- Else it is of an earlier step back.
    if check.step == tending.steps_back then
      if check.done == 1 then return false end
      after = write.entry(check)
    end
  end
  local ids, ends = read_leases(entries_after(k_leases, after, batch))
  for _, id in ipairs(ids) do
    local s = indexed(k_leases, id, STATE.IN_FLIGHT)
    if s and ends[id] > now + s.lease then
      rank(k_leases, id, now + s.lease)
    end
  end
  local last, is_done = ids[#ids], #ids < batch
  local check = write.lease_check { step = tending.steps_back, done = is_done and 1 or 0,
    score = last and ends[last] or 0, id = last or '' }
  redis.call('HSET', k_meta, META.LEASES_CHECKED, check)
  return not is_done
end

-- A lease gets one grace: otherwise it never ends if ticks keep coming late. Its end is then half a millisecond less than a
-- whole number; claims and extensions write whole numbers.
local GRACE_MARK = 0.5

local function expire_leases()
  local ids, ends = read_leases(redis.call('ZRANGEBYSCORE', k_leases, '-inf', now, 'WITHSCORES', 'LIMIT', 0, batch))
  for _, id in ipairs(ids) do
    local s = indexed(k_leases, id, STATE.IN_FLIGHT)
    if s then
      local grace_end = resumed_at + math.min(s.lease, grace)
      if grace_end > now and ends[id] % 1 == 0 then
        rank(k_leases, id, grace_end - GRACE_MARK)
      else
        expire(id, s)
      end
    end
  end
end
