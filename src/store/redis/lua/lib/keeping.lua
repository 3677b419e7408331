-- Keeps messages that end, so that they can be brought back. See deleted.lua.
local keeping = lazy({})

function keeping.build()
  -- Keys that a person has changed must refuse no outcome: then nothing is kept.
  local sound
  local function are_sound()
    if sound == nil then
      sound = type(redis.pcall('HLEN', k_deleted_facts)) == 'number'
      for _, state in ipairs(deleted.states) do
        sound = sound and type(redis.pcall('ZCARD', deleted.index_of(state))) == 'number'
      end
    end
    return sound
  end

  local function has_any()
    return redis.call('EXISTS', deleted.index_of(STATE.SUCCEEDED), deleted.index_of(STATE.DISCARDED),
      deleted.index_of(STATE.PURGED)) > 0
  end

  local noted = {}
  local function note_first(index, keep)
    if noted[index] then return end
    noted[index] = true
    if redis.call('EXISTS', index) == 1 then return end
    note_tend(now + keep)
    if has_any() then return end
    put(k_meta, META.KEEPS_DELETED, '1')
    rank(p_deleted, QUEUE, now)
  end

  local function group_of(s)
    local digest = s.group > 0 and redis.pcall('HGET', p_group_digests, string.format('%d', s.group))
    return type(digest) == 'string' and digest or ''
  end

  -- Bytes that are kept before this script; and by this script, which are not erased at once.
  local before, added

  -- Keeps a message that has left its index. Call it before `forget`. `how`: `state` in which it ends, `keep` (milliseconds), `max`
  -- (bytes that the queue keeps), `holder`, `note`, `group` (digest, if this script has put it into another group). The oldest ones are erased for it. Returns whether it is kept.
  function keeping.keep(id, s, how)
    if how.keep == 0 or not are_sound() then return false end
    local entries = timeline.of(id, s)
    local history = has_flag(s, FLAG.HISTORY)
      and (known_histories[id] and #known_histories[id] or redis.call('HSTRLEN', k_failures .. chunk_of(id), id)) or 0
    local note = string.sub(how.note, 1, LIMIT.TIMELINE_NOTE_BYTES)
    local bytes = s.size + history + #entries + #note + LIMIT.DELETED_OVERHEAD_BYTES
    before = before or tonumber(redis.call('HGET', k_counters, COUNTER.DELETED_BYTES) or '0')
    added = added or 0
    if added + bytes > how.max then return false end
    while before + added + bytes > how.max do
      local erased = deleted.erase_oldest()
      if not erased then return false end
      before = before - erased
    end
    added = added + bytes
    local index = deleted.index_of(how.state)
    note_first(index, how.keep)
    rank(index, id, now)
    local group, holder = how.group ~= '' and how.group or group_of(s), how.holder
    put(k_deleted_facts, id, write.deleted { state = how.state, at = now, bytes = bytes, arrival = arrival_of(id),
      group = group, holder = holder, note = note, timeline = entries } .. pack_state(s))
    count(COUNTER.DELETED_BYTES, bytes)
    return true
  end
end
