-- Ends lives, and quarantines that have lasted for the retention.
local gone = {}

-- The instant up to which lives end: the caller knows that the clock has stepped forward. Lives that began at `lives_from` or
-- later, after the step, end by the clock; 0: there are none.
local life_now = lives_until > 0 and math.min(now, lives_until) or now

local ended, end_lives

do
  local function remove(id, s, kind)
    leave(id, s)
    forget(id, s)
    count(COUNTER.EXPIRED)
    journal(kind, id, s)
    gone[#gone + 1] = write.ended_life { id = id, state = 0 }
  end

  local function end_life(id, s)
    if ttl_discards == 1 then
      remove(id, s, JOURNAL.EXPIRED_TTL)
    else
      note_lost_delivery(s)
      leave(id, s)
      quarantine(id, s, QUARANTINE.TTL_EXPIRED)
      journal(JOURNAL.QUARANTINED, id, s)
      gone[#gone + 1] = write.ended_life { id = id, state = STATE.QUARANTINED }
    end
  end

  -- Ends the life of a message if it is over. Claims call it too: more lives may have ended than one tick looks for.
  function ended(id, s)
    local is_later = lives_from > 0 and s.expire - s.ttl * 1000 >= lives_from
    if s.expire == 0 or s.expire > (is_later and now or life_now) then return false end
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
    local next_end = math.huge
    for at = 1, #entries, 2 do
      local id = entries[at]
      if known_states[id] == nil then known_states[id] = unpack_state(entries[at + 1]) end
      chunks_of_ids[id] = chunk
      local s = known_states[id]
      local is_here = s.state == STATE.SCHEDULED and s.place ~= PLACE.MOVING
      if is_here and s.expire > 0 and not ended(id, s) then
        next_end = math.min(next_end, s.expire)
      end
    end
    rank(k_expiry, chunk, next_end < math.huge and next_end)
  end

  local CHUNKS_A_TICK = 2

  function end_lives()
    local chunks = redis.call('ZRANGEBYSCORE', k_expiry, '-inf', life_now, 'LIMIT', 0, CHUNKS_A_TICK)
    for _, chunk in ipairs(chunks) do end_lives_in(chunk) end
    if retention > 0 then
      local before = life_now - retention
      for _, id in ipairs(redis.call('ZRANGEBYSCORE', k_quarantine, '-inf', before, 'LIMIT', 0, batch)) do
        local s = indexed(k_quarantine, id, STATE.QUARANTINED)
        if s then remove(id, s, JOURNAL.EXPIRED_RETENTION) end
      end
    end
  end
end
