-- Applies outcomes, each under its token. An outcome that was decided on a version of its message is applied to that version
-- only: if one message has changed, nothing is written and the caller decides again.
-- KEYS: queue base
-- ARGV: isolate_at (lease expiries), history_changed (as in tick.lua), outbox_max_bytes, request, retention (layout `retention`; '': deleted messages
-- are not kept), delivery_settings; items:
-- facts (layout `settle_item`, and those of its bits)
-- Reply: layout `settled_at`, then `settled` for each; '': a version has changed; in a table: the answer that this request
-- got before

local answer = answered(VERB_SETTLE, request)
if answer then return { answer } end

local function has_bit(o, bit) return o.bits % (bit + bit) >= bit end

-- Reads the changes by rules and edits, which few outcomes have.
local function read_changes(o, facts, at)
  if has_bit(o, OUTCOME_BIT.PRIORITY) then
    local priority, rest = read.settle_priority(facts, at)
    o.priority, at = priority, rest
  end
  if has_bit(o, OUTCOME_BIT.RETRY) then
    local retry, rest = read.settle_retry(facts, at)
    o.retry, at = retry, rest
  end
  if has_bit(o, OUTCOME_BIT.MOVE) then
    local refused_qreason, refused_delay, target, rest = read.settle_move(facts, at)
    o.refused_qreason, o.refused_delay, o.target, at = refused_qreason, refused_delay, target, rest
  end
  if has_bit(o, OUTCOME_BIT.EDITS) then
    local edits = read.settle_edits(facts, at)
    o.edits = edits
  end
end

local function read_outcome(facts)
  local o, changes = record.settle_item(facts)
  if o.bits >= OUTCOME_BIT.PRIORITY then read_changes(o, facts, changes) end
  return o
end

load_token_states()
local outcomes = {}
for at = FIRST, #ARGV do
  local o = read_outcome(ARGV[at])
  outcomes[#outcomes + 1] = o
  if has_bit(o, OUTCOME_BIT.VERSIONED) then
    local status, s = look_up(o.id, o.delivery, o.nonce)
    if status == TOKEN.APPLIED and s.version ~= o.version then return '' end
  end
end

-- How long messages that end are kept, and how many bytes of them.
local kept = { keep_succeeded = 0, keep_deleted = 0 }
if retention ~= '' then
  local values = record.retention(retention)
  kept = values
end

-- Stores the failure of a message that it ended: the message may be brought back.
local function keep_failure(id, s, o)
  local reason = s.reason
  append_failure(id, s, o.reason, o.failure, o.attempt)
  s.reason = reason
end

local function remove(id, s, state, counter, o)
  local keep = state == STATE.SUCCEEDED and kept.keep_succeeded or kept.keep_deleted
  leave(id, s)
  local is_kept = false
  if keep > 0 then
    if o.kind == OUTCOME.FAIL_DISCARD then keep_failure(id, s, o) end
    is_kept = keeping.keep(id, s, { state = state, keep = keep, max = kept.keep_bytes, note = o.note,
      holder = s.session == '' and '' or holder_of(s.session), group = string.sub(o.group, 1, 16) })
  end
  forget(id, s, is_kept)
  count(counter)
  s.state, s.qreason = state, 0
end

-- The message is an ordinary one again: its expiries and releases are forgotten, and no failure has joined it.
local function reset_delivery(s)
  s.expiries, s.releases, s.place = 0, 0, PLACE.DUE
  set_flag(s, FLAG.REJOINED, false)
end

-- The breaker has opened since the message was handed out: its failure is stored and not counted. It comes back when the
-- breaker allows it.
local function release_exempt(id, s, o)
  reset_delivery(s)
  if o.attempt then o.attempt.exempt = 1 end
  append_failure(id, s, o.reason, o.failure, o.attempt)
  groups.enter(id, s, o.group, 1)
  count(COUNTER.RELEASED)
  schedule(id, s, now)
end

local function fail(id, s, o)
  s.last_delay = has_bit(o, OUTCOME_BIT.REMEMBER) and o.delay or 0
  s.attempts = s.attempts + 1
  reset_delivery(s)
  append_failure(id, s, o.reason, o.failure, o.attempt)
  groups.enter(id, s, o.group, 1)
  s.priority, s.retry = o.priority or s.priority, o.retry or s.retry
  count(COUNTER.FAILED_ATTEMPTS)
  if o.edits then edit(id, s, o.edits) end
end

-- A failure that can't be retried is never exempt: waiting for the breaker would not help it.
local function is_beyond_retry(o)
  local function is_final(qreason) return qreason > 0 and qreason ~= QUARANTINE.RETRIES_EXHAUSTED end
  if o.kind == OUTCOME.FAIL_MOVE then return is_final(o.refused_qreason) or is_final(o.qreason) end
  return o.kind == OUTCOME.FAIL_QUARANTINE and is_final(o.qreason)
end

-- Counts an outcome for its breaker. Returns whether the failure is exempt.
local function count_for_breaker(o, s, late)
  local kind = o.kind
  local is_failure = kind == OUTCOME.FAIL_RESCHEDULE or kind == OUTCOME.FAIL_QUARANTINE or kind == OUTCOME.FAIL_DISCARD
    or kind == OUTCOME.FAIL_MOVE
  if not is_failure and kind ~= OUTCOME.SUCCEED then return false end
  return breakers.outcome(s, is_failure, has_bit(o, OUTCOME_BIT.COUNTS), late) and not is_beyond_retry(o)
end

-- Applies an outcome; returns the kind of the change. `no_longer_suspected`: its expiries no longer
-- suffice for isolated delivery. `late`: its lease has expired.
local function apply(o, s, no_longer_suspected, late)
  local id, kind, delay, qreason = o.id, o.kind, o.delay, o.qreason
  local exempt = has_breakers and count_for_breaker(o, s, late)
  if kind == OUTCOME.SUCCEED and not has_flag(s, FLAG.REJOINED) then
    remove(id, s, STATE.SUCCEEDED, COUNTER.SUCCEEDED, o)
    return CHANGE.SUCCEEDED
  elseif kind == OUTCOME.DISCARD then
    remove(id, s, STATE.DISCARDED, COUNTER.DISCARDED, o)
    return CHANGE.DISCARDED
  elseif kind == OUTCOME.FAIL_DISCARD and not exempt then
    s.attempts = s.attempts + 1
    count(COUNTER.FAILED_ATTEMPTS)
    groups.enter(id, s, o.group, 1)
    remove(id, s, STATE.DISCARDED, COUNTER.DISCARDED, o)
    return CHANGE.FAILED
  end

  local due = s.due
  leave(id, s)
  -- After `leave`: the index that the message leaves depends on its place.
  if no_longer_suspected then s.place = PLACE.DUE end
  if kind == OUTCOME.SUCCEED then
    -- A failure joined the message during this delivery: it succeeded, and is scheduled once more.
    forget_lease(s)
    reset_delivery(s)
    if has_flag(s, FLAG.POISONED) then
      quarantine(id, s, QUARANTINE.POISON)
    else
      schedule(id, s, math.max(now, due))
    end
    return CHANGE.SUCCEEDED
  end
  forget_lease(s)
  if exempt then
    release_exempt(id, s, o)
    return CHANGE.RELEASED
  elseif kind == OUTCOME.FAIL_RESCHEDULE then
    fail(id, s, o)
    schedule(id, s, now + delay)
    return CHANGE.FAILED
  elseif kind == OUTCOME.FAIL_QUARANTINE then
    fail(id, s, o)
    quarantine(id, s, qreason)
    return CHANGE.FAILED
  elseif kind == OUTCOME.FAIL_MOVE then
    fail(id, s, o)
    start_move(id, s, o)
    return CHANGE.FAILED
  elseif kind == OUTCOME.QUARANTINE then
    timeline.add(id, s, { kind = EVENT.QUARANTINED, began = o.attempt.start, delivery = s.delivery, qreason = qreason,
      holder = o.attempt.holder, note = string.sub(o.note, 1, LIMIT.TIMELINE_NOTE_BYTES) })
    quarantine(id, s, qreason)
    return CHANGE.QUARANTINED
  elseif kind == OUTCOME.RELEASE then
    s.releases = s.releases + 1
    count(COUNTER.RELEASED)
    schedule(id, s, now + delay)
    return CHANGE.RELEASED
  end
  -- It never reached a worker: it keeps its due time.
  count(COUNTER.RETURNED)
  schedule(id, s, due)
  return CHANGE.RETURNED
end

-- What is known of the attempt that ended. Its lease may have ended before.
local function attempt_of(o, s, late)
  return { start = late and 0 or s.since, delivery = s.delivery, exempt = 0, decision = o.decision,
    holder = late and '' or holder_of(s.session) }
end

local NO_SESSION = string.rep('\0', 16)

local function settle(o, s)
  local session, held = s.session, math.max(0, now - s.since)
  local no_longer_suspected, late = false, s.state ~= STATE.IN_FLIGHT
  note_lost_delivery(s)
  if late then
    -- The expiry was reported to the session, and counted as an unknown outcome. Now the outcome is known.
    session, held, s.unknown = '', 0, math.max(0, s.unknown - 1)
    if o.kind == OUTCOME.RETURN then
      s.expiries = math.max(0, s.expiries - 1)
      no_longer_suspected = s.expiries < isolate_at
    end
  end
  if o.failure ~= '' or o.kind == OUTCOME.QUARANTINE then o.attempt = attempt_of(o, s, late) end
  local kind = apply(o, s, no_longer_suspected, late)
  add_change(kind, o.id, s, has_bit(o, OUTCOME_BIT.PRIVATE_NOTE) and '' or o.note)
  local state, qreason = s.state, s.qreason
  if s.place == PLACE.MOVING and state == STATE.SCHEDULED then
    -- The reply says what the message will be in the other queue.
    local there = string.byte(s.move)
    if there > 0 then state, qreason = STATE.QUARANTINED, there end
  end
  return write.settled { status = TOKEN.APPLIED, state = state, qreason = qreason, due = s.due, has_session = #session,
    session = session == '' and NO_SESSION or session, held = held, age = math.max(0, now - created_at(o.id)) }
end

local replies = { write.settled_at { now = now } }
local changed = false
for _, o in ipairs(outcomes) do
  local status, s = look_up(o.id, o.delivery, o.nonce)
  changed = changed or status == TOKEN.APPLIED
  replies[#replies + 1] = status == TOKEN.APPLIED and settle(o, s)
    or write.settled { status = status, state = s and s.state or 0, qreason = s and s.qreason or 0,
      due = s and s.state == STATE.SCHEDULED and s.due or 0, has_session = 0, session = NO_SESSION, held = 0, age = 0 }
end

answer = table.concat(replies)
remember_in_queue(VERB_SETTLE, request, answer, changed)
finish()
return answer
