local replies = { '' }
-- What was claimed, in order; and where in the reply its envelope goes.
local claimed, envelope_at = {}, {}

local function claim(id, s, at)
  local nonce, session = ARGV[at + I_nonce], ARGV[at + I_session]
  local lease = breakers.claim(s, tonumber(ARGV[at + I_lease]))
  local isolated = s.place == PLACE_ISOLATED
  leave(id, s)
  set_flag(s, FLAG_REJOINED, false)
  s.state, s.delivery, s.since = IN_FLIGHT, s.delivery + 1, now
  s.nonce, s.session, s.lease = nonce, session, lease
  rank(k_leases, id, now + lease)
  put(k_session .. session, id, isolated and -s.size or s.size)
  lanes.count_keyed(s.key, 1)
  charge(s)
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

-- A suspect is in no lane: one whose key is closed is looked at again when it may have opened.
local function may_go(id, s)
  if s.key == '' then return true end
  local lane = { key = s.key }
  local allowed, _, reopens = lane_allows(lane)
  if allowed == 0 then
    rank(k_isolated, id, reopens or now + 1000)
    return false
  end
  reserve(lane, 1)
  return true
end

-- Suspects first: each alone, on a session that holds nothing. Returns the sessions that are left.
local function claim_isolated(sessions, most)
  local limit = math.min(#sessions, batch, most)
  local due = redis.call('ZRANGEBYSCORE', k_isolated, '-inf', now, 'LIMIT', 0, limit)
  local suspects = {}
  for _, id in ipairs(due) do
    local s = indexed(k_isolated, id, SCHEDULED)
    if s and not ended(id, s) and may_go(id, s) then suspects[#suspects + 1] = { id = id, s = s } end
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
  return left, taken
end

-- As `indexed`, of what may wait in any index but that of suspects.
local function waiting(id)
  local s = load_state(id)
  if s and s.state == SCHEDULED and s.place == PLACE_DUE then return s end
  if not laned or not s then return indexed(k_due, id, SCHEDULED) end
  for _, name in ipairs({ lane_name(s.key, true, s.priority), lane_name(s.key, false, s.priority) }) do
    rank(k_lane .. name, id, false)
    lanes.touch(name)
  end
  rank(of_priority(k_due, s.priority), id, false)
  count('healed')
  return nil
end

-- Due messages in their order, to the sessions in turn. A message too large for every session's
-- bytes waits until one of them is empty, and so do those behind it.
local function claim_due(sessions, most)
  local room = 0
  for _, session in ipairs(sessions) do room = room + session.count end
  local due = due_candidates(math.min(room, batch, most))
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
    local s = waiting(id)
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

