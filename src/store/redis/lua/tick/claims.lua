local replies = { '' }
-- What was claimed, in order; and where in the reply its envelope goes.
local claimed, envelope_at = {}, {}
-- Those of them that have been edited.
local edited = {}

local function claim(id, s, at)
  local nonce, session = ARGV[at + I_nonce], ARGV[at + I_session]
  local lease = tonumber(ARGV[at + I_lease])
  if has_breakers then lease = breakers.claim(s, lease) end
  local isolated = s.place == PLACE_ISOLATED
  leave(id, s)
  set_flag(s, FLAG_REJOINED, false)
  s.state, s.delivery, s.since = IN_FLIGHT, s.delivery + 1, now
  s.nonce, s.session, s.lease = nonce, session, lease
  rank(k_leases, id, now + lease)
  put(k_session .. session, id, isolated and -s.size or s.size)
  if s.key ~= '' then key_queues.count_in_flight(s.key, 1) end
  if rules then charge(s) end
  count_cell(s, 1)
  count('deliveries')
  save_state(id, s)
  journal('claimed', id, s)
  replies[#replies + 1] = struct.pack('>HBc16I4HBHHI6I6I6I4', (at - FIRST) / STRIDE, isolated and 1 or 0,
    id, s.delivery, u16(s.attempts), s.reason, u16(s.failures), u16(s.unknown), s.due, s.expire,
    now + lease, s.size)
  claimed[#claimed + 1] = id
  envelope_at[id] = #replies + 1
  if s.flags >= FLAG_EDITED then edited[#edited + 1] = id end
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

-- A suspect is in no key_queue, and nothing tells when its key has opened: it is looked at each second.
local ISOLATED_LOOK_MS = 1000

local function key_allows(s)
  return s.key == '' or key_queue_allows({ key = s.key }) > 0
end

-- Suspects first: each alone, on a session that holds nothing. Returns the sessions that are left.
local function claim_isolated(sessions, most)
  local limit = math.min(#sessions, batch, most)
  local due = redis.call('ZRANGEBYSCORE', k_isolated, '-inf', now, 'LIMIT', 0, limit)
  local suspects = {}
  for _, id in ipairs(due) do
    local s = indexed(k_isolated, id, SCHEDULED)
    if s and not ended(id, s) then
      if key_allows(s) then
        suspects[#suspects + 1] = { id = id, s = s }
      else
        rank(k_isolated, id, now + ISOLATED_LOOK_MS)
      end
    end
  end
  local left, taken, next_at = {}, 0, 1
  for _, session in ipairs(sessions) do
    -- One before it may have taken what its key allows.
    while suspects[next_at] and not key_allows(suspects[next_at].s) do next_at = next_at + 1 end
    local suspect = suspects[next_at]
    if suspect and session.idle and session.count > 0 and reply_has_room(suspect.s) then
      taken, next_at = taken + 1, next_at + 1
      sent = sent + suspect.s.size
      if suspect.s.key ~= '' then reserve({ key = suspect.s.key }, 1) end
      claim(suspect.id, suspect.s, session.at)
    else
      left[#left + 1] = session
    end
  end
  return left, taken
end

-- As `indexed`, of what may wait in any index but that of suspects.
local function claimable(id)
  local s = load_state(id)
  if s and s.state == SCHEDULED and s.place == PLACE_DUE then return s end
  if not indirect or not s then return indexed(k_due, id, SCHEDULED) end
  for _, name in ipairs({ key_queues.named(s.key, true, s.priority), key_queues.named(s.key, false, s.priority) }) do
    rank(k_key_queue .. name, id, false)
    key_queues.touch(name)
  end
  rank(key_queues.index(k_due, s.priority), id, false)
  count('healed')
  return nil
end

-- Due messages in their order, to the sessions in turn. A message too large for every session's
-- bytes waits until one of them is empty, and so do those behind it.
local function claim_due(sessions, most)
  local room = 0
  for _, session in ipairs(sessions) do room = room + session.count end
  most = math.min(room, batch, most)
  local due = indirect and due_candidates(most)
    or redis.call('ZRANGEBYSCORE', k_due, '-inf', now, 'LIMIT', 0, most)
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
    local s = claimable(id)
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

