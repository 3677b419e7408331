-- Steps in the life of a message. Each changes its state, indexes and counters together. A message is in exactly one of:
-- due, isolated, indirect or moving (SCHEDULED), leases (IN_FLIGHT), quarantine (QUARANTINED). `expiry` has one entry a
-- chunk: the earliest end of a life in it.

local function drop_lease(id, s)
  rank(k_leases, id, false)
  if s.session ~= '' then put(k_session .. s.session, id, false) end
  if s.key ~= '' then key_queues.count_in_flight(s.key, -1) end
  if s.flags >= FLAG.PROBE and has_flag(s, FLAG.PROBE) then
    breakers.probe_ended(s)
    set_flag(s, FLAG.PROBE, false)
  end
end

-- Takes the message out of the index of its present state.
local function leave(id, s)
  count_cell(s, -1)
  if s.state == STATE.SCHEDULED then
    leave_index(id, s)
  elseif s.state == STATE.IN_FLIGHT then
    drop_lease(id, s)
  else
    rank(k_quarantine, id, false)
  end
end

-- Redis may have lost a delivery of a message that was due when it restarted or failed over, and the outcome, too. A message
-- in flight may have been due again: its outcome may be a repeat of a lost one. Call it before such a message changes.
local function note_lost_delivery(s)
  local was_due = s.state == STATE.IN_FLIGHT or s.state == STATE.SCHEDULED and s.due <= history_changed
  if was_due and s.since < history_changed then s.unknown = s.unknown + 1 end
end

local flush_ends, note_end

do
  local chunk_ends, chunk_end_count = {}, 0

  -- LT: the stored end of a chunk may be too early, never too late.
  function flush_ends()
    local args = {}
    for chunk, at in pairs(chunk_ends) do
      note_tend(at)
      args[#args + 1] = at
      args[#args + 1] = chunk
    end
    if #args > 0 then redis.call('ZADD', k_expiry, 'LT', unpack(args)) end
    chunk_ends, chunk_end_count = {}, 0
  end

  function note_end(id, at)
    local chunk = chunk_of(id)
    local first = chunk_ends[chunk]
    if chunk_end_count == 0 then checked_sorted_sets[#checked_sorted_sets + 1] = k_expiry end
    if not first then chunk_end_count = chunk_end_count + 1 end
    if not first or at < first then chunk_ends[chunk] = at end
    if chunk_end_count >= 1000 then flush_ends() end
  end
end

local function schedule(id, s, due)
  s.state, s.qreason, s.due, s.since = STATE.SCHEDULED, 0, due, now
  local is_budgeted = settings ~= nil and settings.budget > 0 and s.attempts > 0 and s.place == PLACE.DUE
  -- A message with smaller flags only is in no key queue and in no order.
  if is_budgeted or s.flags >= FLAG.BUDGETED then set_flag(s, FLAG.BUDGETED, is_budgeted) end
  if s.order == '' or ordering.take_turn(id, s) then
    enter_index(id, s)
  else
    set_flag(s, FLAG.WAITING, true)
    key_queues.list(id, due)
  end
  if s.expire > 0 then
    -- A message that is due after its life ends gets one more time to live, counted from the due time.
    if due >= s.expire then s.expire = due + s.ttl * 1000 end
    note_end(id, s.expire)
  end
  count_cell(s, 1)
  save_state(id, s)
end

-- Whether this script knows that the queue has messages in quarantine.
local has_quarantine = false

local function quarantine(id, s, qreason)
  s.state, s.qreason, s.since = STATE.QUARANTINED, qreason, now
  if not has_quarantine then
    has_quarantine = true
    if redis.call('EXISTS', k_quarantine) == 0 then note_tend(now) end
  end
  rank(k_quarantine, id, now)
  count_cell(s, 1)
  save_state(id, s)
  if s.order ~= '' then ordering.quarantined(id, s) end
end

-- Chunks that messages have left.
local thinned_chunks = {}

local function keep_event_fields(id, s, fields)
  if fields == '' then return end
  s.marks, s.event_fields = s.marks + MARK.EVENT_FIELDS, fields
  put(k_event_fields .. chunk_of(id), id, fields)
end

-- Removes what is stored of a message beside its state and its timeline.
local function remove_content(id, s, chunk)
  put(bodies_of(chunk), id, false)
  if s.failures > 1 then put(k_failures .. chunk, id, false) end
  if s.flags >= FLAG.EDITED then put(k_edits .. chunk, id, false) end
  if s.marks > 0 and has_mark(s, MARK.EVENT_FIELDS) then put(k_event_fields .. chunk, id, false) end
end

-- Removes every trace of a message that has left its index. `is_kept`: except its content, since keeping.lua keeps the message.
local function forget(id, s, is_kept)
  local chunk = chunk_of(id)
  s.version = (s.version + 1) % 65536
  if s.marks > 0 then
    -- For the change that removes the message.
    event_fields_of(id, s)
    if s.marks >= MARK.TIMELINE then timeline.remove(id) end
  end
  known_states[id] = false
  put(states_of(chunk), id, false)
  if not is_kept then remove_content(id, s, chunk) end
  if s.hops > 0 then moved_in.forget(id) end
  if not next(thinned_chunks) then
    local n = #checked_sorted_sets
    checked_sorted_sets[n + 1], checked_sorted_sets[n + 2] = k_chunks, k_expiry
  end
  thinned_chunks[chunk] = true
  count(COUNTER.MESSAGES, -1)
  count(COUNTER.BYTES, -s.size)
  leave_group(s)
  if s.order ~= '' then ordering.leave(id, s) end
end

-- Takes empty chunks off the lists. After flush_writes.
local function flush_chunks()
  for chunk in pairs(thinned_chunks) do
    if redis.call('EXISTS', states_of(chunk)) == 0 then
      redis.call('ZREM', k_chunks, chunk)
      redis.call('ZREM', k_expiry, chunk)
      -- A server that does not know timelines leaves them.
      redis.call('UNLINK', k_timeline .. chunk)
    end
  end
end

-- The failures after the first; the oldest are dropped. Each is behind its length in four bytes. If WITH_ATTEMPT is added to
-- that, the layout `attempt` follows, behind its length in two bytes. `known_histories` has those that this script wrote.
local known_histories = {}
local WITH_ATTEMPT = 2147483648
local NO_ATTEMPT = { start = 0, delivery = 0, exempt = 0, holder = '', decision = '' }

-- Returns where the failure of the entry at `at` ends, and where the next entry begins.
local function entry_ends(history, at)
  local length = struct.unpack('>I4', history, at)
  if length < WITH_ATTEMPT then return at + 3 + length, at + 4 + length end
  local last = at + 3 + length - WITH_ATTEMPT
  return last, last + 3 + struct.unpack('>H', history, last + 1)
end

-- Returns where the last entry begins, and where its failure ends.
local function last_entry(history)
  local at, start, last = 1, 1, 0
  while at <= #history do
    start = at
    last, at = entry_ends(history, start)
  end
  return start, last
end

local function cut_history(history)
  local starts, at = {}, 1
  while at <= #history do
    starts[#starts + 1] = at
    local _, following = entry_ends(history, at)
    at = following
  end
  local first = math.max(1, #starts - LIMIT.HISTORY_ENTRIES + 1)
  while first < #starts and #history - starts[first] + 1 > LIMIT.HISTORY_BYTES do first = first + 1 end
  return string.sub(history, starts[first])
end

-- `attempt`: a table of the fields that are known of it, or nil.
local function append_failure(id, s, reason, failure, attempt)
  s.failures = s.failures + 1
  if reason > 0 then s.reason = reason end
  if failure == '' then return end
  attempt = attempt or NO_ATTEMPT
  local facts = write.attempt(attempt, { ended = now })
  local key = k_failures .. chunk_of(id)
  local entry = struct.pack('>I4c0Hc0', #failure + WITH_ATTEMPT, failure, #facts, facts)
  local history = known_histories[id] or has_flag(s, FLAG.HISTORY) and redis.call('HGET', key, id)
  history = history and cut_history(history .. entry) or entry
  known_histories[id] = history
  put(key, id, history)
  set_flag(s, FLAG.HISTORY, true)
end

-- Returns the last failure of the history; '': there is none.
local function latest_failure(id, s)
  if not has_flag(s, FLAG.HISTORY) then return '' end
  local history = redis.call('HGET', k_failures .. chunk_of(id), id) or ''
  local start, last = last_entry(history)
  return string.sub(history, start + 4, last)
end

-- Reports whether a token's lease is the last one of the message: live, or expired and not claimed again. Released
-- messages, and those that were retried from quarantine, have no nonce.
local function holds_lease(s, delivery, nonce)
  return nonce ~= '' and s.nonce == nonce and s.delivery == delivery
end

local function forget_lease(s)
  s.nonce, s.session, s.lease = '', '', 0
end

-- The queue that a message moves to; it stands behind the plan of the move. A move by a batch job ends in a zero byte.
local function move_target(s) return (string.gsub(string.sub(s.move, 9), '%z$', '')) end

-- When a move by a batch job began; 0: an outcome started it. With the id and the delivery it identifies a move.
local function move_began(s) return string.byte(s.move, -1) == 0 and #s.move > 8 and s.since or 0 end

-- Removes a message that its target queue has taken in.
local function depart(id, s)
  local target = move_target(s)
  leave(id, s)
  forget(id, s)
  count(COUNTER.MOVED_OUT)
  add_change(CHANGE.MOVED_OUT, id, s, target)
end

-- Stores edits beside the body of a message, which stays as it was sent. Call it between `leave` and `schedule`.
local function write_edits(id, s, v)
  local grown, rekeyed, key, rest = read.edit(v)
  if rekeyed == 1 then s.key = key end
  put(k_edits .. chunk_of(id), id, string.sub(v, rest))
  set_flag(s, FLAG.EDITED, true)
  s.size = s.size + grown
  count(COUNTER.BYTES, grown)
end

local function edit(id, s, v)
  write_edits(id, s, v)
  add_change(CHANGE.EDITED, id, s)
end
