-- Which due messages a claim looks at, in which order; what a closed gate holds back is not among them.

-- Stopped by hand; until 0: until somebody ends it.
local function paused_now()
  return paused == 1 and (paused_until == 0 or paused_until > now)
end

local rules_allow, lane_allows, reserve, charge, due_candidates
if laned or rules then
  -- No more probes can be out than there are leases: the end of some may have been missed, under other
  -- rules.
  local function breaker_allows(key)
    return breakers.allowed(breakers.of(key), key == '' and redis.call('ZCARD', k_leases) or lanes.in_flight(key))
  end

  -- What the rules of the queue let this tick hand out of all of it; with 0, when to look again.
  local RATE_STEP_MS = 5
  function rules_allow()
    local left, reopens = math.huge, 0
    if rules.scope == SCOPE_QUEUE then left, reopens = breaker_allows('') end
    if rules.rate > 0 then
      local bucket = buckets.of('q', rules.rate, rules.burst)
      if bucket.tokens < 1 then reopens = math.max(reopens, now + math.max(RATE_STEP_MS, buckets.wait(bucket))) end
      left = math.min(left, math.max(0, math.floor(bucket.tokens)))
    end
    return left, reopens
  end

  local function read_key_gate(key)
    local gate = { left = math.huge, reopens = now + LONGEST_CLOSED_MS }
    if not rules then return gate end
    if rules.scope == SCOPE_KEY then
      local left, reopens = breaker_allows(key)
      gate.left = left
      if left == 0 then gate.reopens = reopens end
    end
    if rules.key_max > 0 then gate.left = math.min(gate.left, math.max(0, rules.key_max - lanes.in_flight(key))) end
    if rules.key_rate > 0 then
      local bucket = buckets.of('k' .. key, rules.key_rate, rules.key_burst)
      -- A gate that only the rate has closed.
      if bucket.tokens < 1 and gate.left > 0 then gate.reopens = now + math.max(RATE_STEP_MS, buckets.wait(bucket)) end
      gate.left = math.min(gate.left, math.max(0, math.floor(bucket.tokens)))
    end
    return gate
  end

  local function budget_bucket()
    return buckets.of('b', rules.budget_min, math.max(10, 10 * rules.budget_min, 100 * rules.budget))
  end

  local function read_budget_gate()
    if not rules or rules.budget == 0 then return { left = math.huge, reopens = now } end
    local bucket = budget_bucket()
    return { left = math.max(0, math.floor(bucket.tokens)), reopens = now + buckets.wait(bucket) }
  end

  local function gate_of(name)
    local gate = lanes.gates[name]
    if not gate then
      gate = name == BUDGET_GATE and read_budget_gate() or read_key_gate(string.sub(name, 2))
      gate.closed = gate.left == 0
      lanes.gates[name] = gate
    end
    return gate
  end

  -- How many messages of a lane may go; with 0, the gate that is closed, if it was so from the start.
  function lane_allows(lane)
    local left = math.huge
    for _, name in ipairs(lanes.gates_of(lane)) do
      local gate = gate_of(name)
      if gate.closed then return 0, name, gate.reopens end
      left = math.min(left, gate.left)
    end
    return left
  end

  function reserve(lane, n)
    for _, name in ipairs(lanes.gates_of(lane)) do
      local gate = gate_of(name)
      gate.left = gate.left - n
    end
  end

  -- Tokens that a delivery costs, and brings.
  function charge(s)
    if rules.rate > 0 then buckets.add(buckets.of('q', rules.rate, rules.burst), -1) end
    if rules.key_rate > 0 and s.key ~= '' then
      buckets.add(buckets.of('k' .. s.key, rules.key_rate, rules.key_burst), -1)
    end
    if rules.budget > 0 then buckets.add(budget_bucket(), s.attempts > 0 and -1 or rules.budget) end
  end

  local function take_from_lane(name, most, found)
    local lane = lanes.read(name)
    local allowed, closed, reopens = lane_allows(lane)
    if closed then return lanes.park(lane, closed, reopens) end
    local n = math.min(allowed, most)
    if n == 0 then return end
    local entries = redis.call('ZRANGEBYSCORE', k_lane .. name, '-inf', now, 'WITHSCORES', 'LIMIT', 0, n)
    if #entries == 0 then lanes.touch(name) end
    for at = 1, #entries, 2 do found[#found + 1] = { id = entries[at], due = tonumber(entries[at + 1]) } end
    reserve(lane, #entries / 2)
  end

  local function by_due(a, b)
    if a.due ~= b.due then return a.due < b.due end
    return a.id < b.id
  end

  -- Most lanes that a claim with little room finds closed.
  local LANES_A_LOOK = 50

  -- Due messages of one priority, in the order of their due times; lanes get equal shares.
  local function of_one_priority(priority, most)
    local index, lane_index = lanes.index(k_due, priority), lanes.index(k_lanes, priority)
    local entries = redis.call('ZRANGEBYSCORE', index, '-inf', now, 'WITHSCORES', 'LIMIT', 0, most)
    local found = {}
    for at = 1, #entries, 2 do found[#found + 1] = { id = entries[at], due = tonumber(entries[at + 1]) } end
    -- Lanes that are found closed are among these no more: where all of them are, the next ones are looked at.
    local looked = 0
    repeat
      local names = redis.call('ZRANGEBYSCORE', lane_index, '-inf', now, 'LIMIT', 0, most)
      local share = math.max(1, math.floor(most / math.max(1, #found + #names)))
      for _, name in ipairs(names) do take_from_lane(name, share, found) end
      looked = looked + #names
    until #found > 0 or #names == 0 or looked >= LANES_A_LOOK
    if looked > 0 then table.sort(found, by_due) end
    if #found == 0 and priority ~= 0 and redis.call('EXISTS', index, lane_index) == 0 then
      redis.call('ZREM', k_priorities, priority)
      lanes.priorities[priority] = nil
    end
    return found
  end

  -- Each so many deliveries one goes to the message that has been due longest, whatever its priority: so
  -- that the low ones get their share however many high ones there are.
  local OLDEST_EACH = 8

  -- Of several lists, highest priority first, `most` messages; each list is in the order of due times.
  local function merge(lists, most)
    local delivered = tonumber(redis.call('HGET', k_counters, 'deliveries') or '0')
    local ids, next_at = {}, {}
    for at = 1, #lists do next_at[at] = 1 end
    local function pick(oldest)
      local chosen
      for at, list in ipairs(lists) do
        local candidate = list[next_at[at]]
        if candidate and (not chosen or (oldest and candidate.due < lists[chosen][next_at[chosen]].due)) then
          chosen = at
          if not oldest then break end
        end
      end
      return chosen
    end
    while #ids < most do
      local chosen = pick((delivered + #ids) % OLDEST_EACH == OLDEST_EACH - 1)
      if not chosen then break end
      ids[#ids + 1] = lists[chosen][next_at[chosen]].id
      next_at[chosen] = next_at[chosen] + 1
    end
    return ids
  end

  function due_candidates(most)
    local priorities = { 0 }
    for _, priority in ipairs(redis.call('ZRANGE', k_priorities, 0, -1)) do
      priorities[#priorities + 1] = tonumber(priority)
    end
    table.sort(priorities, function(a, b) return a > b end)
    local lists, found = {}, 0
    for _, priority in ipairs(priorities) do
      -- Enough is found: of the rest only what its share may need.
      local list = of_one_priority(priority, found < most and most or math.ceil(most / OLDEST_EACH))
      found = found + #list
      if #list > 0 then lists[#lists + 1] = list end
    end
    return merge(lists, most)
  end
end

-- What this tick may hand out of the whole queue; with 0, when to look again.
local function queue_gate()
  if is_deleting then return 0, math.huge end
  if paused_now() then return 0, paused_until > 0 and paused_until or math.huge end
  if not rules then return math.huge, 0 end
  return rules_allow()
end
