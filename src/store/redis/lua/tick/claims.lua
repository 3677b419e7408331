-- Hands out due messages to the sessions.

local replies = { '' }
-- Claimed ids in order; the index of each envelope in the reply; ids of edited messages.
local claimed, envelope_at, edited = {}, {}, {}
local longest_lease = 0

local function claim(id, s, at)
  local nonce, session = ARGV[at + I_nonce], ARGV[at + I_session]
  local lease = tonumber(ARGV[at + I_lease])
  if has_breakers then lease = breakers.claim(s, lease) end
  longest_lease = math.max(longest_lease, lease)
  local isolated = s.place == PLACE.ISOLATED
  note_lost_delivery(s)
  leave(id, s)
  set_flag(s, FLAG.REJOINED, false)
  s.state, s.delivery, s.since = STATE.IN_FLIGHT, s.delivery + 1, now
  s.nonce, s.session, s.lease = nonce, session, lease
  rank(k_leases, id, now + lease)
  put(k_session .. session, id, isolated and -s.size or s.size)
  if s.key ~= '' then key_queues.count_in_flight(s.key, 1) end
  if settings then charge(s) end
  count_cell(s, 1)
  count(COUNTER.DELIVERIES)
  save_state(id, s)
  add_change(CHANGE.CLAIMED, id, s)
  replies[#replies + 1] = write.claim(s, { session = (at - FIRST) / STRIDE, isolated = isolated and 1 or 0, id = id,
    attempts = u16(s.attempts), failures = u16(s.failures), unknown = u16(s.unknown), lease_end = now + lease })
  claimed[#claimed + 1] = id
  envelope_at[id] = #replies + 1
  if s.flags >= FLAG.EDITED then edited[#edited + 1] = id end
  replies[#replies + 1] = ''
  replies[#replies + 1] = latest_failure(id, s)
end

-- The sessions, with what they have room for.
local function open_sessions()
  local sessions = {}
  for at = FIRST, #ARGV, STRIDE do
    sessions[#sessions + 1] = {
      at = at, count = tonumber(ARGV[at + I_count]), bytes = tonumber(ARGV[at + I_bytes]),
      can_isolate = ARGV[at + I_can_isolate] == '1',
    }
  end
  return sessions
end

-- Bytes of envelopes in this reply. One more must fit; the first one always does.
local sent = 0
local head_too_large = false
local function reply_has_room(s)
  return sent == 0 or sent + s.size <= reply_bytes
end

-- A message with isolated delivery is in no key queue: while its key is blocked, it is looked at each second.
local ISOLATED_LOOK_MS = 1000

local function key_allows(s)
  return s.key == '' or key_queue_allows({ key = s.key }) > 0
end

local function isolated_candidates(most)
  local due = redis.call('ZRANGEBYSCORE', k_isolated, '-inf', now, 'LIMIT', 0, most)
  local found = {}
  for _, id in ipairs(due) do
    local s = indexed(k_isolated, id, STATE.SCHEDULED)
    if s and not ended(id, s) then
      if key_allows(s) then
        found[#found + 1] = { id = id, s = s }
      else
        rank(k_isolated, id, now + ISOLATED_LOOK_MS)
      end
    end
  end
  return found
end

-- Isolated deliveries come first: each to a session that holds nothing. Returns the sessions that are left, and how many
-- messages were handed out.
local function claim_isolated(sessions, most)
  local found = isolated_candidates(math.min(#sessions, batch, most))
  local left, taken, next_at = {}, 0, 1
  for _, session in ipairs(sessions) do
    -- One before it may have used up what its key allows.
    while found[next_at] and not key_allows(found[next_at].s) do next_at = next_at + 1 end
    local one = found[next_at]
    if one and session.can_isolate and session.count > 0 and reply_has_room(one.s) then
      taken, next_at = taken + 1, next_at + 1
      sent = sent + one.s.size
      if one.s.key ~= '' then reserve({ key = one.s.key }, 1) end
      claim(one.id, one.s, session.at)
    else
      left[#left + 1] = session
    end
  end
  return left, taken
end

-- Returns the state of a due message; nil, after removing a stale entry from every index that may have it.
local function claimable(id)
  local s = load_state(id)
  if s and s.state == STATE.SCHEDULED and s.place == PLACE.DUE then return s end
  if not uses_indirect then return indexed(k_due, id, STATE.SCHEDULED) end
  if not s then return remove_entry(id) end
  -- It waited in one of them: with or without the retry budget.
  for _, name in ipairs({ key_queues.named(s.key, true, s.priority), key_queues.named(s.key, false, s.priority) }) do
    rank(k_key_queue .. name, id, false)
    key_queues.touch(name)
  end
  rank(key_queues.index(k_due, s.priority), id, false)
  count(COUNTER.HEALED)
  return nil
end

-- Due messages in their order, to the sessions in turn. A message that is too large for the bytes of every session waits
-- until one of them is empty, and so do those behind it.
local function claim_due(sessions, most)
  local room = 0
  for _, session in ipairs(sessions) do room = room + session.count end
  most = math.min(room, batch, most)
  local due = uses_indirect and due_candidates(most)
    or redis.call('ZRANGEBYSCORE', k_due, '-inf', now, 'LIMIT', 0, most)
  load_states(due)
  local turn = 1
  local function choose(s)
    for step = 0, #sessions - 1 do
      local index = (turn + step - 1) % #sessions + 1
      local session = sessions[index]
      if session.count > 0 and (s.size <= session.bytes or session.can_isolate) then
        turn = index + 1
        return session
      end
    end
  end
  for _, id in ipairs(due) do
    local s = claimable(id)
    if s and not ended(id, s) then
      if not reply_has_room(s) then break end
      local chosen = choose(s)
      if not chosen then
        for _, session in ipairs(sessions) do head_too_large = head_too_large or session.count > 0 end
        break
      end
      sent = sent + s.size
      chosen.count, chosen.bytes, chosen.can_isolate = chosen.count - 1, chosen.bytes - s.size, false
      claim(id, s, chosen.at)
    end
  end
end
