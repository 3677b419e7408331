-- Lanes: messages that one thing can hold back together wait in a set of their own, by due time: those
-- of one key, and, under a retry budget, those that have failed before. Among what claims look at, a key_queue
-- is one entry, at the due time of its first message; while its limiter is closed it is none ("blocked") and
-- comes back by one event. So a claim costs the same however many messages are blocked.
--
-- `due` and `lanes` hold messages and key_queues of priority 0; those of another have a suffix and are listed
-- in `priorities`. `laned` has every message that waits but is in neither `due` nor `isolated`, by due
-- time: in a key_queue, with a priority, or behind its ordering key. A limiter is a key's ('k' and the key) or the budget's ('b'); `gates` says when to look at it
-- again, `parked:` which key_queues wait behind it.
local BUDGET_LIMITER = 'b'
-- No limiter stays closed longer without another look.
local LONGEST_CLOSED_MS = 60000

-- `noted`: the queue has something of this by now; `wake`: pumps have something to look at.
local key_queues = lazy({ noted = false, wake = false })

function key_queues.build()
  -- Lanes that this script has touched, by name; limiters that it has read; messages in flight by key, and
  -- priorities, as far as it has changed them.
  key_queues.touched, key_queues.limiters, key_queues.keyed, key_queues.priorities = {}, {}, {}, {}

  function key_queues.index(index, priority)
    return priority == 0 and index or index .. ':' .. priority
  end

  -- A name is longer than an id.
  function key_queues.named(key, retries, priority)
    local name = 'lane' .. struct.pack('>BbBc0', retries and 1 or 0, priority, #key, key)
    return #name > 16 and name or name .. string.rep('\0', 17 - #name)
  end

  function key_queues.read(name)
    local retries, priority, key = struct.unpack('>BbBc0', name, 5)
    return { name = name, key = key, retries = retries == 1, priority = priority }
  end

  -- The key_queue that a waiting message belongs in; none, mostly.
  function key_queues.of(s)
    if s.key == '' and not has_flag(s, FLAG_BUDGETED) then return nil end
    return key_queues.named(s.key, has_flag(s, FLAG_BUDGETED), s.priority)
  end

  function key_queues.list_priority(priority)
    if priority == 0 or key_queues.priorities[priority] then return end
    key_queues.priorities[priority] = true
    rank(k_priorities, priority, priority)
  end

  function key_queues.limiters_of(key_queue)
    local limiters = {}
    if key_queue.key ~= '' then limiters[1] = 'k' .. key_queue.key end
    if key_queue.retries then limiters[#limiters + 1] = BUDGET_LIMITER end
    return limiters
  end

  -- So that a tick of a queue that has none of this asks for none of it.
  function key_queues.note_use()
    if key_queues.noted then return end
    key_queues.noted = true
    put(k_meta, 'laned', '1')
  end

  function key_queues.touch(name)
    key_queues.touched[name] = true
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

  local function is_blocked(key_queue)
    for _, limiter in ipairs(key_queues.limiters_of(key_queue)) do
      if redis.call('SISMEMBER', k_blocked .. limiter, key_queue.name) == 1 then return true end
    end
    return false
  end

  function key_queues.block(key_queue, limiter, reopens)
    redis.call('HSET', k_meta, 'gated_by', delivery_rules)
    redis.call('SADD', k_blocked .. limiter, key_queue.name)
    redis.call('ZADD', k_limiters, math.min(reopens, now + LONGEST_CLOSED_MS), limiter)
    redis.call('ZREM', key_queues.index(k_key_queues, key_queue.priority), key_queue.name)
  end

  -- Lets key_queues back that wait behind a limiter. A few at a time: what is left comes with the next tick.
  function key_queues.unblock(limiter, most)
    for _, name in ipairs(redis.call('SPOP', k_blocked .. limiter, most)) do key_queues.touch(name) end
    if redis.call('EXISTS', k_blocked .. limiter) == 1 then
      redis.call('ZADD', k_limiters, now, limiter)
    else
      redis.call('ZREM', k_limiters, limiter)
    end
  end

  -- Something about this limiter has changed: whatever waits behind it looks again.
  function key_queues.limiter_changed(limiter)
    if redis.call('ZSCORE', k_limiters, limiter) then key_queues.unblock(limiter, 100) end
  end

  -- Messages in flight of each key, while there are any.
  function key_queues.count_in_flight(key, by)
    key_queues.keyed[key] = (key_queues.keyed[key] or 0) + by
  end

  function key_queues.in_flight(key)
    return tonumber(redis.call('HGET', k_in_flight_by_key, key) or '0') + (key_queues.keyed[key] or 0)
  end

  local function flush_in_flight()
    for key, by in pairs(key_queues.keyed) do
      if by ~= 0 and redis.call('HINCRBY', k_in_flight_by_key, key, string.format('%d', by)) <= 0 then
        redis.call('HDEL', k_in_flight_by_key, key)
      end
      if by < 0 and rules and rules.key_max > 0 then breakers.moved[key] = true end
    end
    key_queues.keyed = {}
  end

  local function reopen_limiters()
    if breakers.built then
      for key in pairs(breakers.moved) do
        if key == '' then key_queues.wake = true else key_queues.limiter_changed('k' .. key) end
      end
      breakers.moved = {}
    end
    local budget = buckets.built and buckets.known[BUDGET_LIMITER]
    if budget and budget.gained and budget.tokens >= 1 then key_queues.limiter_changed(BUDGET_LIMITER) end
  end

  -- Brings the entries of touched key_queues up to date, in three steps for all of them. After flush_writes.
  function key_queues.flush()
    flush_in_flight()
    reopen_limiters()
    for name in pairs(key_queues.touched) do
      local key_queue = key_queues.read(name)
      local index = key_queues.index(k_key_queues, key_queue.priority)
      local head = redis.call('ZRANGE', k_key_queue .. name, 0, 0, 'WITHSCORES')[2]
      if not head then
        redis.call('ZREM', index, name)
      elseif not is_blocked(key_queue) then
        local before = redis.call('ZRANGE', index, 0, 0, 'WITHSCORES')[2]
        redis.call('ZADD', index, head, name)
        if key_queue.priority ~= 0 then redis.call('ZADD', k_priorities, key_queue.priority, key_queue.priority) end
        if not before or tonumber(head) < tonumber(before) then key_queues.wake = true end
      end
    end
    key_queues.touched = {}
  end
end
