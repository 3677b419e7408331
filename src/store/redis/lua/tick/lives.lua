-- Ends lives, quarantines that have lasted for the retention, and the time for which deleted messages are kept.
local gone = {}

-- How far the clock is ahead, as the caller knows: it has stepped forward. Lives end by so much later, unless they began at
-- `lives_from` or later, after the step; 0: there are none.
local ahead = lives_until > 0 and math.max(0, now - lives_until) or 0

local ended, end_lives, restore_ends, next_end_of_lives

do
  local function remove(id, s, kind)
    local retained = kind == CHANGE.EXPIRED_RETENTION and 1 or 0
    leave(id, s)
    forget(id, s)
    count(COUNTER.EXPIRED)
    s.state, s.qreason = STATE.EXPIRED, 0
    add_change(kind, id, s)
    gone[#gone + 1] = write.ended_life { id = id, state = 0, retained = retained }
  end

  local function end_life(id, s)
    if ttl_discards == 1 then
      remove(id, s, CHANGE.EXPIRED_TTL)
    else
      note_lost_delivery(s)
      leave(id, s)
      quarantine(id, s, QUARANTINE.TTL_EXPIRED)
      add_change(CHANGE.EXPIRED_TTL, id, s)
      gone[#gone + 1] = write.ended_life { id = id, state = STATE.QUARANTINED, retained = 0 }
    end
  end

  local function is_postponed(s)
    return ahead > 0 and (lives_from == 0 or s.expire - s.ttl * 1000 < lives_from)
  end

  local function end_of(s) return is_postponed(s) and s.expire + ahead or s.expire end

  -- Ends the life of a message if it is over. Claims call it too: more lives may have ended than one tick looks for.
  function ended(id, s)
    if s.expire == 0 or end_of(s) > now then return false end
    end_life(id, s)
    return true
  end

  -- Data of layout 1 lists messages: the chunk takes the place of its message.
  local function replace_by_chunk(id)
    local s = load_state(id)
    if not s then count(COUNTER.HEALED) end
    if s and s.state == STATE.SCHEDULED and s.expire > 0 then note_end(id, s.expire) end
    rank(k_expiry, id, false)
  end

  -- Ends the lives in a chunk that are over, and notes the next end. Messages in flight and those that move are left alone:
  -- they are noted again when they are scheduled again.
  local function end_lives_in(chunk)
    if #chunk == 16 then return replace_by_chunk(chunk) end
    local entries = redis.call('HGETALL', states_of(chunk))
    if #entries == 0 then count(COUNTER.HEALED) end
    local next_end, first_postponed = math.huge, math.huge
    for at = 1, #entries, 2 do
      local id = entries[at]
      if known_states[id] == nil then known_states[id] = unpack_state(entries[at + 1]) end
      chunks_of_ids[id] = chunk
      local s = known_states[id]
      local is_here = s.state == STATE.SCHEDULED and s.place ~= PLACE.MOVING
      if is_here and s.expire > 0 and not ended(id, s) then
        next_end = math.min(next_end, end_of(s))
        if is_postponed(s) then first_postponed = math.min(first_postponed, s.expire) end
      end
    end
    rank(k_expiry, chunk, next_end < math.huge and next_end)
    if first_postponed < math.huge then
      rank(k_postponed, chunk, first_postponed)
      put(k_meta, META.POSTPONED, '1')
    end
  end

  -- When the clock is right again, or its step no longer counts.
  function restore_ends()
    local entries = redis.call('ZRANGE', k_postponed, 0, batch - 1, 'WITHSCORES')
    if #entries < 2 * batch then
      put(k_meta, META.POSTPONED, false)
      has_postponed = false
    end
    for at = 1, #entries, 2 do
      local chunk = entries[at]
      if redis.call('EXISTS', states_of(chunk)) == 1 then redis.call('ZADD', k_expiry, 'LT', entries[at + 1], chunk) end
      rank(k_postponed, chunk, false)
    end
  end

  local function end_retentions(first, last)
    for _, id in ipairs(redis.call('ZRANGEBYSCORE', k_quarantine, first, last, 'LIMIT', 0, batch)) do
      local s = indexed(k_quarantine, id, STATE.QUARANTINED)
      if s then remove(id, s, CHANGE.EXPIRED_RETENTION) end
    end
  end

  local CHUNKS_A_TICK = 2

  function end_lives()
    local chunks = redis.call('ZRANGEBYSCORE', k_expiry, '-inf', now, 'LIMIT', 0, CHUNKS_A_TICK)
    for _, chunk in ipairs(chunks) do end_lives_in(chunk) end
    if keeps_deleted then end_deleted(ahead) end
    if retention == 0 then return end
    end_retentions('-inf', now - ahead - retention)
    if ahead > 0 and lives_from > 0 then end_retentions(lives_from, now - retention) end
  end

  -- Returns when the next of these ends; 0: none does.
  function next_end_of_lives()
    if has_postponed and ahead == 0 then return now end
    local next_end = head_score(k_expiry) or math.huge
    if keeps_deleted then next_end = math.min(next_end, next_end_of_deleted(ahead)) end
    if retention > 0 then
      next_end = math.min(next_end, (head_score(k_quarantine) or math.huge) + ahead + retention)
      if ahead > 0 and lives_from > 0 then
        local _, since = unpack(redis.call('ZRANGEBYSCORE', k_quarantine, lives_from, '+inf', 'WITHSCORES', 'LIMIT', 0, 1))
        if since then next_end = math.min(next_end, since + retention) end
      end
    end
    return next_end < math.huge and next_end or 0
  end
end
