-- One step of a queue: takes back expired leases, ends lives, hands out what is due to the sessions
-- that have room, and says when to come again. Bounded work: at most `batch` of each.

-- A claim whose reply was lost has been given back under its process's fence: if this is that
-- claim, late, it must not take anything.
local fence = tonumber(redis.call('GET', k_fences .. claimer) or '0')
local fenced = claim_number <= fence

-- While leases are out, somebody ticks every second. A longer silence means that the store or all
-- servers were away, and workers could not speak: leases get one more grace from now.
local tended = redis.call('HMGET', k_meta, 'tended', 'resumed')
local resumed = tonumber(tended[2] or '0')
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

local lost = {}

local function expire(id, s)
  local session, held = s.session, math.max(0, now - s.since)
  leave(id, s)
  s.expiries, s.unknown = s.expiries + 1, s.unknown + 1
  count('lease_expiries')
  if s.expiries >= crash_loop_at then
    quarantine(id, s, QUARANTINE_CRASH_LOOP)
  else
    s.place = s.expiries >= isolate_at and PLACE_ISOLATED or PLACE_DUE
    schedule(id, s, now)
  end
  journal('expired_lease', id, s)
  lost[#lost + 1] = struct.pack('>c16c16I4BI6', session, id, s.delivery, s.state, held)
end

local function expire_leases()
  local ids = redis.call('ZRANGEBYSCORE', k_leases, '-inf', now, 'LIMIT', 0, batch)
  load_states(ids)
  for _, id in ipairs(ids) do
    local s = indexed(k_leases, id, IN_FLIGHT)
    if s then
      local grace_end = resumed + math.min(s.lease, grace)
      if grace_end > now then rank(k_leases, id, grace_end) else expire(id, s) end
    end
  end
end

local gone = {}

local function remove(id, s, kind)
  leave(id, s)
  forget(id, s)
  count('expired')
  journal(kind, id, s)
  gone[#gone + 1] = struct.pack('>c16B', id, 0)
end

local function end_life(id, s)
  if ttl_discards == 1 then
    remove(id, s, 'expired_ttl')
  else
    leave(id, s)
    quarantine(id, s, QUARANTINE_TTL_EXPIRED)
    journal('quarantined', id, s)
    gone[#gone + 1] = struct.pack('>c16B', id, QUARANTINED)
  end
end

-- A life that is over is never handed out, also when more have ended than one tick looks for.
local function ended(id, s)
  if s.expire == 0 or s.expire > now then return false end
  end_life(id, s)
  return true
end

-- Ends the lives in a chunk that are over, and notes when the next one will be. What is in flight is
-- never touched: it is noted again when it is scheduled again.
local function end_lives_in(chunk)
  if #chunk == 16 then
    -- Layout 1 had messages here: its chunk takes its place.
    local s = load_state(chunk)
    if not s then count('healed') end
    if s and s.state == SCHEDULED and s.expire > 0 then note_end(chunk, s.expire) end
    rank(k_expiry, chunk, false)
    return
  end
  local entries = redis.call('HGETALL', states_of(chunk))
  if #entries == 0 then count('healed') end
  local next_end = math.huge
  for at = 1, #entries, 2 do
    local id = entries[at]
    if known_states[id] == nil then known_states[id] = unpack_state(entries[at + 1]) end
    local s = known_states[id]
    if s.state == SCHEDULED and s.expire > 0 and not ended(id, s) then
      next_end = math.min(next_end, s.expire)
    end
  end
  rank(k_expiry, chunk, next_end < math.huge and next_end)
end

-- A chunk has 128 messages.
local CHUNKS_A_TICK = 2

local function end_lives()
  local chunks = redis.call('ZRANGEBYSCORE', k_expiry, '-inf', now, 'LIMIT', 0, CHUNKS_A_TICK)
  for _, chunk in ipairs(chunks) do end_lives_in(chunk) end
  if retention > 0 then
    local before = now - retention
    for _, id in ipairs(redis.call('ZRANGEBYSCORE', k_quarantine, '-inf', before, 'LIMIT', 0, batch)) do
      local s = indexed(k_quarantine, id, QUARANTINED)
      if s then remove(id, s, 'expired_retention') end
    end
  end
end

local replies = { '' }
-- What was claimed, in order; and where in the reply its envelope goes.
local claimed, envelope_at = {}, {}

local function claim(id, s, at)
  local nonce, session = ARGV[at + I_nonce], ARGV[at + I_session]
  local lease = tonumber(ARGV[at + I_lease])
  local isolated = s.place == PLACE_ISOLATED
  leave(id, s)
  set_flag(s, FLAG_REJOINED, false)
  s.state, s.delivery, s.since = IN_FLIGHT, s.delivery + 1, now
  s.nonce, s.session, s.lease = nonce, session, lease
  rank(k_leases, id, now + lease)
  put(k_session .. session, id, isolated and -s.size or s.size)
  count_cell(s, 1)
  count('deliveries')
  save_state(id, s)
  journal('claimed', id, s)
  replies[#replies + 1] = struct.pack('>HBc16I4HBHHI6I6I6I4', (at - FIRST) / STRIDE, isolated and 1 or 0,
    id, s.delivery, u16(s.attempts), s.reason, u16(s.failures), u16(s.unknown), s.due, s.expire,
    now + lease, s.size)
  claimed[#claimed + 1] = id
  envelope_at[id] = #replies + 1
  replies[#replies + 1] = ''
  replies[#replies + 1] = latest_failure(id, s)
end

-- The sessions that may take a message, and what they still have room for.
local function open_sessions()
  local sessions = {}
  for at = FIRST, #ARGV, STRIDE do
    sessions[#sessions + 1] = {
      at = at, count = tonumber(ARGV[at + I_count]), bytes = tonumber(ARGV[at + I_bytes]),
      idle = ARGV[at + I_idle] == '1',
    }
  end
  return sessions
end

-- Bytes of envelopes in this reply. It is full when one more would exceed its bound; the first
-- one always fits.
local sent = 0
local head_too_large = false
local function reply_has_room(s)
  return sent == 0 or sent + s.size <= reply_bytes
end

-- Suspects first: each alone, on a session that holds nothing. Returns the sessions that are left.
local function claim_isolated(sessions)
  local limit = math.min(#sessions, batch)
  local due = redis.call('ZRANGEBYSCORE', k_isolated, '-inf', now, 'LIMIT', 0, limit)
  local suspects = {}
  for _, id in ipairs(due) do
    local s = indexed(k_isolated, id, SCHEDULED)
    if s and not ended(id, s) then suspects[#suspects + 1] = { id = id, s = s } end
  end
  local left, taken = {}, 0
  for _, session in ipairs(sessions) do
    local suspect = suspects[taken + 1]
    if suspect and session.idle and session.count > 0 and reply_has_room(suspect.s) then
      taken = taken + 1
      sent = sent + suspect.s.size
      claim(suspect.id, suspect.s, session.at)
    else
      left[#left + 1] = session
    end
  end
  return left
end

-- Due messages in their order, to the sessions in turn. A message too large for every session's
-- bytes waits until one of them is empty, and so do those behind it.
local function claim_due(sessions)
  local room = 0
  for _, session in ipairs(sessions) do room = room + session.count end
  local due = redis.call('ZRANGEBYSCORE', k_due, '-inf', now, 'LIMIT', 0, math.min(room, batch))
  load_states(due)
  local turn = 1
  local function choose(s)
    for step = 0, #sessions - 1 do
      local index = (turn + step - 1) % #sessions + 1
      local session = sessions[index]
      if session.count > 0 and (s.size <= session.bytes or session.idle) then
        turn = index + 1
        return session
      end
    end
  end
  for _, id in ipairs(due) do
    local s = indexed(k_due, id, SCHEDULED)
    if s and not ended(id, s) then
      local chosen = choose(s)
      if not chosen then
        for _, session in ipairs(sessions) do head_too_large = head_too_large or session.count > 0 end
        break
      end
      if not reply_has_room(s) then break end
      sent = sent + s.size
      chosen.count, chosen.bytes, chosen.idle = chosen.count - 1, chosen.bytes - s.size, false
      claim(id, s, chosen.at)
    end
  end
end

-- Each step reads the indexes that the one before has changed.
expire_leases()
flush_writes()
flush_ends()
end_lives()
flush_writes()
if not fenced and #ARGV >= FIRST then
  local sessions = claim_isolated(open_sessions())
  if #sessions > 0 then claim_due(sessions) end
  fetch(k_bodies, claimed, function(id, envelope) replies[envelope_at[id]] = envelope or '' end)
end
finish()

-- When to come again; 0 where there is nothing to wait for.
local function at_head(key) return head_score(key) or 0 end
local first_quarantined = retention > 0 and at_head(k_quarantine) or 0
local first_end = at_head(k_expiry)
if first_quarantined > 0 and (first_end == 0 or first_quarantined + retention < first_end) then
  first_end = first_quarantined + retention
end
local leases_left = redis.call('ZCARD', k_leases)
if leases_out > 0 or leases_left > 0 then redis.call('HSET', k_meta, 'tended', now) end

replies[1] = struct.pack('>I6BI6I6I6I6I4', now, head_too_large and 1 or 0, at_head(k_due), at_head(k_isolated),
  at_head(k_leases), first_end, leases_left)
table.insert(replies, 2, table.concat(lost))
table.insert(replies, 3, table.concat(gone))
return replies
