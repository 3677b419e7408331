-- Lanes: messages that one thing can hold back together wait in a set of their own, by due time: those
-- of one key, and, under a retry budget, those that have failed before. Among what claims look at, a lane
-- is one entry, at the due time of its first message; while its gate is closed it is none ("parked") and
-- comes back by one event. So a claim costs the same however many messages are blocked.
--
-- `due` and `lanes` hold messages and lanes of priority 0; those of another have a suffix and are listed
-- in `priorities`. `laned` has every message that waits but is in neither `due` nor `isolated`, by due
-- time: in a lane, with a priority, or behind its ordering key. A gate is a key's ('k' and the key) or the budget's ('b'); `gates` says when to look at it
-- again, `parked:` which lanes wait behind it.
local BUDGET_GATE = 'b'
-- No gate stays closed longer without another look.
local LONGEST_CLOSED_MS = 60000

-- `noted`: the queue has something of this by now; `wake`: pumps have something to look at.
local lanes = lazy({ noted = false, wake = false })

function lanes.build()
  -- Lanes that this script has touched, by name; gates that it has read; messages in flight by key, and
  -- priorities, as far as it has changed them.
  lanes.touched, lanes.gates, lanes.keyed, lanes.priorities = {}, {}, {}, {}

  function lanes.index(index, priority)
    return priority == 0 and index or index .. ':' .. priority
  end

  -- A name is longer than an id.
  function lanes.named(key, retries, priority)
    local name = 'lane' .. struct.pack('>BbBc0', retries and 1 or 0, priority, #key, key)
    return #name > 16 and name or name .. string.rep('\0', 17 - #name)
  end

  function lanes.read(name)
    local retries, priority, key = struct.unpack('>BbBc0', name, 5)
    return { name = name, key = key, retries = retries == 1, priority = priority }
  end

  -- The lane that a waiting message belongs in; none, mostly.
  function lanes.of(s)
    if s.key == '' and not has_flag(s, FLAG_BUDGETED) then return nil end
    return lanes.named(s.key, has_flag(s, FLAG_BUDGETED), s.priority)
  end

  function lanes.list_priority(priority)
    if priority == 0 or lanes.priorities[priority] then return end
    lanes.priorities[priority] = true
    rank(k_priorities, priority, priority)
  end

  function lanes.gates_of(lane)
    local gates = {}
    if lane.key ~= '' then gates[1] = 'k' .. lane.key end
    if lane.retries then gates[#gates + 1] = BUDGET_GATE end
    return gates
  end

  -- So that a tick of a queue that has none of this asks for none of it.
  function lanes.note_use()
    if lanes.noted then return end
    lanes.noted = true
    put(k_meta, 'laned', '1')
  end

  function lanes.touch(name)
    lanes.touched[name] = true
  end

  function lanes.list(id, due)
    rank(k_laned, id, due)
    lanes.note_use()
  end

  function lanes.add(name, id, due)
    rank(k_lane .. name, id, due)
    lanes.list(id, due)
    lanes.touch(name)
  end

  function lanes.remove(name, id)
    rank(k_lane .. name, id, false)
    rank(k_laned, id, false)
    lanes.touch(name)
  end

  local function is_parked(lane)
    for _, gate in ipairs(lanes.gates_of(lane)) do
      if redis.call('SISMEMBER', k_parked .. gate, lane.name) == 1 then return true end
    end
    return false
  end

  function lanes.park(lane, gate, reopens)
    redis.call('HSET', k_meta, 'gated_by', delivery_rules)
    redis.call('SADD', k_parked .. gate, lane.name)
    redis.call('ZADD', k_gates, math.min(reopens, now + LONGEST_CLOSED_MS), gate)
    redis.call('ZREM', lanes.index(k_lanes, lane.priority), lane.name)
  end

  -- Lets lanes back that wait behind a gate. A few at a time: what is left comes with the next tick.
  function lanes.unpark(gate, most)
    for _, name in ipairs(redis.call('SPOP', k_parked .. gate, most)) do lanes.touch(name) end
    if redis.call('EXISTS', k_parked .. gate) == 1 then
      redis.call('ZADD', k_gates, now, gate)
    else
      redis.call('ZREM', k_gates, gate)
    end
  end

  -- Something about this gate has changed: whatever waits behind it looks again.
  function lanes.gate_moved(gate)
    if redis.call('ZSCORE', k_gates, gate) then lanes.unpark(gate, 100) end
  end

  -- Messages in flight of each key, while there are any.
  function lanes.count_keyed(key, by)
    lanes.keyed[key] = (lanes.keyed[key] or 0) + by
  end

  function lanes.in_flight(key)
    return tonumber(redis.call('HGET', k_keyed, key) or '0') + (lanes.keyed[key] or 0)
  end

  local function flush_keyed()
    for key, by in pairs(lanes.keyed) do
      if by ~= 0 and redis.call('HINCRBY', k_keyed, key, string.format('%d', by)) <= 0 then
        redis.call('HDEL', k_keyed, key)
      end
      if by < 0 and rules and rules.key_max > 0 then breakers.moved[key] = true end
    end
    lanes.keyed = {}
  end

  local function reopen_gates()
    if breakers.built then
      for key in pairs(breakers.moved) do
        if key == '' then lanes.wake = true else lanes.gate_moved('k' .. key) end
      end
      breakers.moved = {}
    end
    local budget = buckets.built and buckets.known[BUDGET_GATE]
    if budget and budget.gained and budget.tokens >= 1 then lanes.gate_moved(BUDGET_GATE) end
  end

  -- Brings the entries of touched lanes up to date, in three steps for all of them. After flush_writes.
  function lanes.flush()
    flush_keyed()
    reopen_gates()
    for name in pairs(lanes.touched) do
      local lane = lanes.read(name)
      local index = lanes.index(k_lanes, lane.priority)
      local head = redis.call('ZRANGE', k_lane .. name, 0, 0, 'WITHSCORES')[2]
      if not head then
        redis.call('ZREM', index, name)
      elseif not is_parked(lane) then
        local before = redis.call('ZRANGE', index, 0, 0, 'WITHSCORES')[2]
        redis.call('ZADD', index, head, name)
        if lane.priority ~= 0 then redis.call('ZADD', k_priorities, lane.priority, lane.priority) end
        if not before or tonumber(head) < tonumber(before) then lanes.wake = true end
      end
    end
    lanes.touched = {}
  end
end
