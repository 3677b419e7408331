-- Chooses the due messages that a claim looks at, and their order. What a limiter blocks is not among them.

local function paused_now()
  return paused == 1 and (paused_until == 0 or paused_until > now)
end

local settings_allow, key_queue_allows, reserve, charge, due_candidates, remove_entry
if uses_indirect or settings then
  -- No more probes can be out than there are leases: under other settings the end of a probe may have been missed.
  local function breaker_allows(key)
    return breakers.allowed(breakers.of(key), key == '' and redis.call('ZCARD', k_leases) or key_queues.in_flight(key))
  end

  -- A rate that is used up is checked again after this at the earliest.
  local RATE_STEP_MS = 5

  local function rate_check_at(bucket)
    return now + math.max(RATE_STEP_MS, buckets.wait(bucket))
  end

  -- How many messages the settings of the queue allow to hand out; with 0, when to look again.
  function settings_allow()
    local left, check_at = math.huge, 0
    if settings.scope == SCOPE.QUEUE then left, check_at = breaker_allows('') end
    if settings.rate > 0 then
      local bucket = buckets.of('q', settings.rate, settings.burst)
      if bucket.tokens < 1 then check_at = math.max(check_at, rate_check_at(bucket)) end
      left = math.min(left, math.max(0, math.floor(bucket.tokens)))
    end
    return left, check_at
  end

  local function read_key_limiter(key)
    local limiter = { left = math.huge, check_at = now + LONGEST_BLOCK_MS }
    if not settings then return limiter end
    if settings.scope == SCOPE.KEY then
      local left, check_at = breaker_allows(key)
      limiter.left = left
      if left == 0 then limiter.check_at = check_at end
    end
    if settings.key_max > 0 then
      limiter.left = math.min(limiter.left, math.max(0, settings.key_max - key_queues.in_flight(key)))
    end
    if settings.key_rate > 0 then
      local bucket = buckets.of('k' .. key, settings.key_rate, settings.key_burst)
      -- If only the rate blocks it.
      if bucket.tokens < 1 and limiter.left > 0 then limiter.check_at = rate_check_at(bucket) end
      limiter.left = math.min(limiter.left, math.max(0, math.floor(bucket.tokens)))
    end
    return limiter
  end

  local function budget_bucket()
    return buckets.of('b', settings.budget_min, math.max(10, 10 * settings.budget_min, 100 * settings.budget))
  end

  local function read_budget_limiter()
    if not settings or settings.budget == 0 then return { left = math.huge, check_at = now } end
    local bucket = budget_bucket()
    return { left = math.max(0, math.floor(bucket.tokens)), check_at = now + buckets.wait(bucket) }
  end

  local function limiter_of(name)
    local limiter = key_queues.limiters[name]
    if not limiter then
      limiter = name == BUDGET_LIMITER and read_budget_limiter() or read_key_limiter(string.sub(name, 2))
      limiter.blocks = limiter.left == 0
      key_queues.limiters[name] = limiter
    end
    return limiter
  end

  -- How many messages of a key queue may go. If one of its limiters blocked it from the start: 0, that limiter, and when to
  -- check it again.
  function key_queue_allows(key_queue)
    local left = math.huge
    for _, name in ipairs(key_queues.limiters_of(key_queue)) do
      local limiter = limiter_of(name)
      if limiter.blocks then return 0, name, limiter.check_at end
      left = math.min(left, limiter.left)
    end
    return left
  end

  function reserve(key_queue, n)
    for _, name in ipairs(key_queues.limiters_of(key_queue)) do
      local limiter = limiter_of(name)
      limiter.left = limiter.left - n
    end
  end

  -- Takes the tokens that a delivery costs, and adds those that it earns.
  function charge(s)
    if settings.rate > 0 then buckets.add(buckets.of('q', settings.rate, settings.burst), -1) end
    if settings.key_rate > 0 and s.key ~= '' then
      buckets.add(buckets.of('k' .. s.key, settings.key_rate, settings.key_burst), -1)
    end
    if settings.budget > 0 then buckets.add(budget_bucket(), s.attempts > 0 and -1 or settings.budget) end
  end

  -- The indexes and key queues that this claim has read.
  local read_indexes, read_key_queues = {}, {}

  -- Removes an entry that has no message, and so no key and priority, from all that may have it.
  function remove_entry(id)
    for _, index in ipairs(read_indexes) do rank(index, id, false) end
    for _, name in ipairs(read_key_queues) do key_queues.remove(name, id) end
    rank(k_indirect, id, false)
    count(COUNTER.HEALED)
  end

  -- Adds messages of a key queue to those that were found. Returns true if a limiter blocks it: then it leaves the index.
  local function take_from_key_queue(name, most, found)
    local key_queue = key_queues.read(name)
    local allowed, blocking, check_at = key_queue_allows(key_queue)
    if blocking then
      key_queues.block(key_queue, blocking, check_at)
      return true
    end
    local n = math.min(allowed, most)
    -- What this claim has found of a higher priority uses up the rest.
    if n == 0 then return false end
    read_key_queues[#read_key_queues + 1] = name
    local entries = redis.call('ZRANGEBYSCORE', k_key_queue .. name, '-inf', now, 'WITHSCORES', 'LIMIT', 0, n)
    if #entries == 0 then key_queues.touch(name) end
    for at = 1, #entries, 2 do found[#found + 1] = { id = entries[at], due = tonumber(entries[at + 1]) } end
    reserve(key_queue, #entries / 2)
    return false
  end

  local function by_due(a, b)
    if a.due ~= b.due then return a.due < b.due end
    return a.id < b.id
  end

  -- In each priority, a claim that finds only blocked key queues looks at so many.
  local KEY_QUEUES_A_LOOK = 50

  -- Returns due messages of one priority, by due time; key queues get equal shares.
  local function of_one_priority(priority, most)
    local index, key_queue_index = key_queues.index(k_due, priority), key_queues.index(k_key_queues, priority)
    read_indexes[#read_indexes + 1] = index
    local entries = redis.call('ZRANGEBYSCORE', index, '-inf', now, 'WITHSCORES', 'LIMIT', 0, most)
    local found = {}
    for at = 1, #entries, 2 do found[#found + 1] = { id = entries[at], due = tonumber(entries[at + 1]) } end
    -- A key queue that is blocked leaves the index: the next look finds the ones behind it.
    local looked = 0
    repeat
      local names = redis.call('ZRANGEBYSCORE', key_queue_index, '-inf', now, 'LIMIT', 0, most)
      local share = math.max(1, math.floor(most / math.max(1, #found + #names)))
      local blocked = 0
      for _, name in ipairs(names) do
        if take_from_key_queue(name, share, found) then blocked = blocked + 1 end
      end
      looked = looked + #names
    until #found > 0 or blocked == 0 or looked >= KEY_QUEUES_A_LOOK
    if looked > 0 then table.sort(found, by_due) end
    if #found == 0 and priority ~= 0 and redis.call('EXISTS', index, key_queue_index) == 0 then
      redis.call('ZREM', k_priorities, priority)
      key_queues.priorities[priority] = nil
    end
    return found
  end

  -- One of so many deliveries goes to the message that has been due longest, whatever its priority: low priorities get
  -- their share however many high ones there are.
  local OLDEST_EACH = 8

  -- Merges lists, the one of the highest priority first, each by due time, into `most` ids.
  local function merge(lists, most)
    local delivered = tonumber(redis.call('HGET', k_counters, COUNTER.DELIVERIES) or '0')
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
      -- Once enough is found, only the share of the oldest is needed.
      local list = of_one_priority(priority, found < most and most or math.ceil(most / OLDEST_EACH))
      found = found + #list
      if #list > 0 then lists[#lists + 1] = list end
    end
    return merge(lists, most)
  end
end

-- How many messages of the whole queue this tick may hand out; with 0, when to look again.
local function queue_allows()
  if is_deleting then return 0, math.huge end
  if paused_now() then return 0, paused_until > 0 and paused_until or math.huge end
  if not settings then return math.huge, 0 end
  return settings_allow()
end
