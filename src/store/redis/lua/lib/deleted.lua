-- Deleted messages that can be brought back. One leaves all indexes, counts, limits and its group. Its content stays in its chunk;
-- `deleted_facts` has the rest, and an index for each way to end has the time.
local deleted = lazy({ states = { STATE.SUCCEEDED, STATE.DISCARDED, STATE.PURGED } })

function deleted.index_of(state) return k_deleted .. state end

-- Returns what is kept of a message, its state before it ended, and where that state begins. Throws if it is damaged.
function deleted.read(v)
  local facts, state_at = record.deleted(v)
  return facts, unpack_state(string.sub(v, state_at)), state_at
end

function deleted.build()
  local erased_count = 0

  -- Erases a kept message. Returns its bytes.
  function deleted.erase(index, id)
    erased_count = erased_count + 1
    rank(index, id, false)
    local v = redis.call('HGET', k_deleted_facts, id)
    if not v then return 0 end
    put(k_deleted_facts, id, false)
    local is_sound, facts, s = pcall(deleted.read, v)
    if not is_sound then
      count(COUNTER.HEALED)
      return 0
    end
    remove_content(id, s, chunk_of_sequence(facts.arrival))
    count(COUNTER.DELETED_BYTES, -facts.bytes)
    return facts.bytes
  end

  -- Erases what is kept of a message that comes here in another way.
  function deleted.replace(id)
    if deleted.exist == nil then deleted.exist = redis.call('EXISTS', k_deleted_facts) == 1 end
    local v = deleted.exist and redis.call('HGET', k_deleted_facts, id)
    if not v then return end
    local is_sound, facts = pcall(deleted.read, v)
    if is_sound then deleted.erase(deleted.index_of(facts.state), id) end
  end

  -- Erases those of an index that were deleted until then, at most so many.
  function deleted.erase_until(state, last, most)
    local index = deleted.index_of(state)
    for _, id in ipairs(redis.call('ZRANGEBYSCORE', index, '-inf', last, 'LIMIT', 0, most)) do deleted.erase(index, id) end
  end

  -- By index, the entries that were read from it, and how many of them are erased.
  local heads = {}
  local PAGE = 32

  local function head_of(index)
    local head = heads[index]
    if not head or head.at > #head.entries and #head.entries == 2 * PAGE then
      local from = head and head.from + PAGE or 0
      head = { at = 1, from = from, entries = redis.call('ZRANGE', index, from, from + PAGE - 1, 'WITHSCORES') }
      heads[index] = head
    end
    return head
  end

  -- Returns the index with the oldest one, and when that was deleted; nil: there is none. Only what was kept before this script.
  function deleted.oldest()
    local first_index, first
    for _, state in ipairs(deleted.states) do
      local index = deleted.index_of(state)
      local head = head_of(index)
      local at = tonumber(head.entries[head.at + 1])
      if at and (not first or at < first) then first_index, first = index, at end
    end
    return first_index, first
  end

  -- Erases the oldest one. Returns its bytes; nil: there is none, or this script has erased enough.
  function deleted.erase_oldest()
    local index = erased_count < LIMIT.DELETED_ERASED and deleted.oldest()
    if not index then return nil end
    local head = heads[index]
    local id = head.entries[head.at]
    head.at = head.at + 2
    return deleted.erase(index, id)
  end
end
