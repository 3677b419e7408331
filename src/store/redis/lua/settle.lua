-- Applies outcomes, each under its token. An outcome that was decided on a version of the message
-- is only applied to that version: if one has changed since, nothing is written and the answer is
-- empty, so that the caller decides again.
local SUCCEED, DISCARD, QUARANTINE, FAIL_RESCHEDULE, FAIL_QUARANTINE, RELEASE, RETURN = 1, 2, 3, 4, 5, 6, 7
-- As rules say: removed, or on its way to another queue.
local FAIL_DISCARD, FAIL_MOVE = 8, 9
local STATE_SUCCEEDED, STATE_DISCARDED = 4, 5

-- In a table of its own: nothing has happened now, and nothing is to be counted again.
local answer = answered(VERB_SETTLE, request)
if answer then return { answer } end

-- Bits of an outcome: it was decided on `version`; its reason counts for a breaker; its delay is to be
-- remembered, for the next one to grow from; rules give it a priority or retry settings; it has a target; the
-- message is edited before its next delivery.
local BIT_VERSIONED, BIT_COUNTS, BIT_REMEMBER, BIT_PRIORITY, BIT_RETRY, BIT_MOVE, BIT_EDITS = 1, 2, 4, 8, 16, 32, 64
local function has_bit(o, bit) return o.bits % (bit + bit) >= bit end

-- What rules and edits change: few outcomes have any of it.
local function read_changes(o, facts, rest)
  if has_bit(o, BIT_PRIORITY) then o.priority, rest = struct.unpack('>b', facts, rest) end
  if has_bit(o, BIT_RETRY) then o.retry, rest = struct.unpack('>Hc0', facts, rest) end
  -- What becomes of it here, if the target refuses it.
  if has_bit(o, BIT_MOVE) then
    o.home_qreason, o.home_delay, o.target, rest = struct.unpack('>BI6Bc0', facts, rest)
  end
  if has_bit(o, BIT_EDITS) then o.edits = struct.unpack('>I4c0', facts, rest) end
end

local function read_outcome(facts)
  local id, delivery, nonce, kind, bits, version, delay, qreason, reason, failure, note, rest =
    struct.unpack(TOKEN_FORMAT .. 'BBHI6BBI4c0Hc0', facts)
  local o = {
    id = id, delivery = delivery, nonce = nonce, kind = kind, bits = bits, version = version,
    delay = delay, qreason = qreason, reason = reason, failure = failure, note = note,
  }
  if bits >= BIT_PRIORITY then read_changes(o, facts, rest) end
  return o
end

load_token_states()
local outcomes = {}
for at = FIRST, #ARGV do
  local o = read_outcome(ARGV[at])
  outcomes[#outcomes + 1] = o
  if has_bit(o, BIT_VERSIONED) then
    local status, s = look_up(o.id, o.delivery, o.nonce)
    if status == APPLIED and s.version ~= o.version then return '' end
  end
end

local function remove(id, s, state, counter)
  leave(id, s)
  forget(id, s)
  count(counter)
  s.state, s.qreason = state, 0
  return counter
end

-- The breaker that the message belongs to has opened since it was handed out: the failure is on record
-- and not counted. It comes back when the breaker lets it.
local function release_exempt(id, s, o)
  s.expiries, s.releases, s.place = 0, 0, PLACE_DUE
  set_flag(s, FLAG_REJOINED, false)
  append_failure(id, s, o.reason, o.failure)
  count('released')
  schedule(id, s, now)
  return 'released'
end

local function fail(id, s, o)
  s.last_delay = has_bit(o, BIT_REMEMBER) and o.delay or 0
  s.attempts, s.expiries, s.releases, s.place = s.attempts + 1, 0, 0, PLACE_DUE
  set_flag(s, FLAG_REJOINED, false)
  append_failure(id, s, o.reason, o.failure)
  s.priority, s.retry = o.priority or s.priority, o.retry or s.retry
  count('failed_attempts')
  if o.edits then edit(id, s, o.edits) end
end

-- On its way to another queue: nobody can claim it here any more, and it is not there yet. Its delay and
-- quarantine reason are for there.
local function start_move(id, s, o)
  if redis.call('HEXISTS', k_meta, 'deleting') == 1 then
    -- An outcome that came late: what goes with its queue goes nowhere else.
    if o.home_qreason > 0 then quarantine(id, s, o.home_qreason) else schedule(id, s, now + o.home_delay) end
    return
  end
  s.state, s.qreason, s.place, s.due, s.since = SCHEDULED, 0, PLACE_MOVING, now + o.delay, now
  s.move = struct.pack('>BBI6', o.qreason, o.home_qreason, now + o.home_delay) .. o.target
  if s.order ~= '' then ordering.leave(id, s) end
  -- Who moves it knows of it; the others learn of the first one, in case that server dies.
  if redis.call('EXISTS', k_moving) == 0 then key_queues.wake = true end
  rank(k_moving, id, now)
  put(k_meta, 'moves', '1')
  count_cell(s, 1)
  save_state(id, s)
end

-- What can't be retried at all, the breaker knows nothing of: where it is, or where it goes.
local function is_beyond_retry(o)
  local here, there = 0, o.qreason
  if o.kind == FAIL_MOVE then here = o.home_qreason elseif o.kind ~= FAIL_QUARANTINE then return false end
  return here > 0 and here ~= QUARANTINE_EXHAUSTED or there > 0 and there ~= QUARANTINE_EXHAUSTED
end

-- Whether the breaker says that the failure is not to be counted against the message.
local function report_to_breaker(o, s, late)
  local kind = o.kind
  local is_failure = kind == FAIL_RESCHEDULE or kind == FAIL_QUARANTINE or kind == FAIL_DISCARD or kind == FAIL_MOVE
  if not is_failure and kind ~= SUCCEED then return false end
  return breakers.outcome(s, is_failure, has_bit(o, BIT_COUNTS), late) and not is_beyond_retry(o)
end

local function apply(o, s, uncrashed, late)
  local id, kind, delay, qreason = o.id, o.kind, o.delay, o.qreason
  local exempt = has_breakers and report_to_breaker(o, s, late)
  if kind == SUCCEED and not has_flag(s, FLAG_REJOINED) then
    return remove(id, s, STATE_SUCCEEDED, 'succeeded')
  elseif kind == DISCARD then
    return remove(id, s, STATE_DISCARDED, 'discarded')
  elseif kind == FAIL_DISCARD and not exempt then
    s.attempts = s.attempts + 1
    count('failed_attempts')
    return remove(id, s, STATE_DISCARDED, 'discarded')
  end

  local due = s.due
  leave(id, s)
  -- Only now: the index that it leaves depends on its place.
  if uncrashed then s.place = PLACE_DUE end
  if kind == SUCCEED then
    -- A failure joined the message while the worker had it: done, and to be done once more.
    set_flag(s, FLAG_REJOINED, false)
    forget_lease(s)
    s.expiries, s.releases, s.place = 0, 0, PLACE_DUE
    if has_flag(s, FLAG_POISONED) then
      quarantine(id, s, QUARANTINE_POISON)
    else
      schedule(id, s, math.max(now, due))
    end
    return 'succeeded'
  end
  forget_lease(s)
  if exempt then return release_exempt(id, s, o) end
  if kind == FAIL_RESCHEDULE then
    fail(id, s, o)
    schedule(id, s, now + delay)
    return 'failed'
  elseif kind == FAIL_QUARANTINE then
    fail(id, s, o)
    quarantine(id, s, qreason)
    return 'quarantined'
  elseif kind == FAIL_MOVE then
    fail(id, s, o)
    start_move(id, s, o)
    return 'failed'
  elseif kind == QUARANTINE then
    quarantine(id, s, qreason)
    return 'quarantined'
  elseif kind == RELEASE then
    s.releases = s.releases + 1
    count('released')
    schedule(id, s, now + delay)
    return 'released'
  end
  -- It never reached a worker: nothing has changed, its place in the order of due times included.
  count('returned')
  schedule(id, s, due)
  return 'returned'
end

local replies = { struct.pack('>I6', now) }
for _, o in ipairs(outcomes) do
  local status, s = look_up(o.id, o.delivery, o.nonce)
  if status == APPLIED then
    local session, held = s.session, math.max(0, now - s.since)
    local uncrashed, late = false, s.state ~= IN_FLIGHT
    if late then
      -- Late. Its lease expired, its session was told so, and the expiry was counted as an unknown
      -- outcome; now the outcome is known.
      session, held, s.unknown = '', 0, math.max(0, s.unknown - 1)
      if o.kind == RETURN then
        s.expiries = math.max(0, s.expiries - 1)
        uncrashed = s.expiries < isolate_at
      end
    end
    local record = apply(o, s, uncrashed, late)
    journal(record, o.id, s, o.note)
    local state, qreason = s.state, s.qreason
    if s.place == PLACE_MOVING and state == SCHEDULED then
      -- The caller is told what it will be there.
      local there = string.byte(s.move)
      if there > 0 then state, qreason = QUARANTINED, there end
    end
    replies[#replies + 1] = struct.pack('>BBBI6Bc16I6I6', APPLIED, state, qreason, s.due, #session,
      session .. string.rep('\0', 16 - #session), held, math.max(0, now - created_at(o.id)))
  else
    replies[#replies + 1] = struct.pack('>BBBI6Bc16I6I6', status, s and s.state or 0, s and s.qreason or 0,
      s and s.state == SCHEDULED and s.due or 0, 0, string.rep('\0', 16), 0, 0)
  end
end

answer = table.concat(replies)
remember(VERB_SETTLE, request, answer)
finish()
return answer
