-- Key queues: the waiting messages that the same limiters can block, those of one limiter key and, under a retry
-- budget, the retries among them. Each is a sorted set by due time. Among what claims look at, a key queue is one
-- entry, at the due time of its first message. While a limiter blocks it, it has no entry and comes back by one
-- event: a claim costs the same however many messages are blocked.
--
-- `due` and `key_queues` hold messages and key queues of priority 0; those of another priority have it as a suffix,
-- and `priorities` lists it. `indirect` has every scheduled message that is in neither `due` nor `isolated`, by due
-- time: in a key queue, with a priority, or behind its ordering key. A limiter is that of a key ('k' and the key) or
-- the retry budget ('b'). `limiters` says when to check one that blocks, `blocked` which key queues it blocks.
local BUDGET_LIMITER = 'b'
-- Names of key queues begin with it.
local NAME_PREFIX = 'lane'
-- A limiter that blocks is checked again after this at the latest.
local LONGEST_BLOCK_MS = 60000

-- `noted`: the queue uses some of this.
local key_queues = lazy({ noted = false })

function key_queues.build()
  -- By name, the key queues that this script has touched; limiters that it has read; changes of the messages in
  -- flight by key; priorities that it has listed.
  key_queues.touched, key_queues.limiters, key_queues.in_flight_changes, key_queues.priorities = {}, {}, {}, {}

  -- The index of a priority.
  function key_queues.index(index, priority)
    return priority == 0 and index or index .. ':' .. priority
  end

  -- A name is longer than an id, so that an index can hold both.
  function key_queues.named(key, retries, priority)
    local name = NAME_PREFIX .. write.key_queue_name { retries = retries and 1 or 0, priority = priority, key = key }
    return #name > 16 and name or name .. string.rep('\0', 17 - #name)
  end

  function key_queues.read(name)
    local retries, priority, key = read.key_queue_name(name, #NAME_PREFIX + 1)
    return { name = name, key = key, retries = retries == 1, priority = priority }
  end

  -- The name of the key queue of a waiting message; nil: none.
  function key_queues.of(s)
    if s.key == '' and not has_flag(s, FLAG.BUDGETED) then return nil end
    return key_queues.named(s.key, has_flag(s, FLAG.BUDGETED), s.priority)
  end

  function key_queues.list_priority(priority)
    if priority == 0 or key_queues.priorities[priority] then return end
    key_queues.priorities[priority] = true
    rank(k_priorities, priority, priority)
  end

  -- So that ticks of a queue that uses none of this read none of it.
  function key_queues.note_use()
    if key_queues.noted then return end
    key_queues.noted = true
    put(k_meta, META.USES_INDIRECT, '1')
  end

  -- Its entry is brought up to date at the end of the script.
  function key_queues.touch(name)
    if key_queues.touched[name] then return end
    local keys = checked_sorted_sets
    if not next(key_queues.touched) then
      for _, key in ipairs({ k_key_queues, k_priorities, k_limiters }) do keys[#keys + 1] = key end
    end
    key_queues.touched[name] = true
    local priority = key_queues.read(name).priority
    if priority ~= 0 then keys[#keys + 1] = key_queues.index(k_key_queues, priority) end
  end

  function key_queues.list(id, due)
    rank(k_indirect, id, due)
    key_queues.note_use()
  end

  function key_queues.add(name, id, due)
    rank(k_key_queue .. name, id, due)
    key_queues.list(id, due)
    key_queues.touch(name)
  end

  function key_queues.remove(name, id)
    rank(k_key_queue .. name, id, false)
    rank(k_indirect, id, false)
    key_queues.touch(name)
  end

  function key_queues.count_in_flight(key, by)
    if not next(key_queues.in_flight_changes) then checked_hashes[#checked_hashes + 1] = k_in_flight_by_key end
    key_queues.in_flight_changes[key] = (key_queues.in_flight_changes[key] or 0) + by
  end

  function key_queues.in_flight(key)
    return tonumber(redis.call('HGET', k_in_flight_by_key, key) or '0') + (key_queues.in_flight_changes[key] or 0)
  end

  key_queues.build_limiters()
end

-- Blocking of key queues by limiters.
function key_queues.build_limiters()
  function key_queues.limiters_of(key_queue)
    local limiters = {}
    if key_queue.key ~= '' then limiters[1] = 'k' .. key_queue.key end
    if key_queue.retries then limiters[#limiters + 1] = BUDGET_LIMITER end
    return limiters
  end

  local function is_blocked(key_queue)
    for _, limiter in ipairs(key_queues.limiters_of(key_queue)) do
      if redis.call('SISMEMBER', k_blocked .. limiter, key_queue.name) == 1 then return true end
    end
    return false
  end

  function key_queues.block(key_queue, limiter, check_at)
    redis.call('HSET', k_meta, META.LIMITED_BY, delivery_settings)
    redis.call('SADD', k_blocked .. limiter, key_queue.name)
    redis.call('ZADD', k_limiters, math.min(check_at, now + LONGEST_BLOCK_MS), limiter)
    redis.call('ZREM', key_queues.index(k_key_queues, key_queue.priority), key_queue.name)
  end

  -- Unblocks at most `most` key queues of a limiter; the next tick takes the others.
  function key_queues.unblock(limiter, most)
    for _, name in ipairs(redis.call('SPOP', k_blocked .. limiter, most)) do key_queues.touch(name) end
    if redis.call('EXISTS', k_blocked .. limiter) == 1 then
      redis.call('ZADD', k_limiters, now, limiter)
      note_due(now)
    else
      redis.call('ZREM', k_limiters, limiter)
    end
  end

  -- The limiter may block no longer: its key queues are checked.
  function key_queues.limiter_changed(limiter)
    if redis.call('ZSCORE', k_limiters, limiter) then key_queues.unblock(limiter, 100) end
  end

  local function flush_in_flight()
    for key, by in pairs(key_queues.in_flight_changes) do
      if by ~= 0 and redis.call('HINCRBY', k_in_flight_by_key, key, string.format('%d', by)) <= 0 then
        redis.call('HDEL', k_in_flight_by_key, key)
      end
      if by < 0 and settings and settings.key_max > 0 then breakers.moved[key] = true end
    end
    key_queues.in_flight_changes = {}
  end

  local function unblock_changed()
    if breakers.built then
      for key in pairs(breakers.moved) do
        if key == '' then note_change() else key_queues.limiter_changed('k' .. key) end
      end
      breakers.moved = {}
    end
    local budget = buckets.built and buckets.known[BUDGET_LIMITER]
    if budget and budget.gained and budget.tokens >= 1 then key_queues.limiter_changed(BUDGET_LIMITER) end
  end

  -- Brings the entries of touched key queues up to date. After flush_writes.
  function key_queues.flush()
    flush_in_flight()
    unblock_changed()
    for name in pairs(key_queues.touched) do
      local key_queue = key_queues.read(name)
      local index = key_queues.index(k_key_queues, key_queue.priority)
      local head = redis.call('ZRANGE', k_key_queue .. name, 0, 0, 'WITHSCORES')[2]
      if not head then
        redis.call('ZREM', index, name)
      elseif not is_blocked(key_queue) then
        redis.call('ZADD', index, head, name)
        if key_queue.priority ~= 0 then redis.call('ZADD', k_priorities, key_queue.priority, key_queue.priority) end
        note_due(tonumber(head))
      end
    end
    key_queues.touched = {}
  end
end
