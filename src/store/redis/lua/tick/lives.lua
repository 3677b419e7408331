-- Ends lives, and what has been in quarantine for as long as it may.
local gone = {}

local ended, end_lives

do
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
  function ended(id, s)
    if s.expire == 0 or s.expire > now then return false end
    end_life(id, s)
    return true
  end

  -- Ends the lives in a chunk that are over, and notes when the next one will be. What is in flight is
  -- never touched, nor what is on its way elsewhere: it is noted again when it is scheduled again.
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
      chunks_of_ids[id] = chunk
      local s = known_states[id]
      local is_here = s.state == SCHEDULED and s.place ~= PLACE_MOVING
      if is_here and s.expire > 0 and not ended(id, s) then
        next_end = math.min(next_end, s.expire)
      end
    end
    rank(k_expiry, chunk, next_end < math.huge and next_end)
  end

  -- A chunk has 128 messages.
  local CHUNKS_A_TICK = 2

  function end_lives()
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
end
