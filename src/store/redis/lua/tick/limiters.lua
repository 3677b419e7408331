-- Unblocks key queues, and releases ordering keys that wait behind a quarantined message, when their time has come.

local forget_breakers, bring_back
if uses_indirect or settings then
  -- Takes breakers off the list that have expired unused; a few in each tick.
  function forget_breakers()
    for _, key in ipairs(redis.call('ZRANDMEMBER', k_breakers, 2)) do
      if redis.call('EXISTS', k_breaker .. key) == 0 then rank(k_breakers, key, false) end
    end
  end

  -- Makes limiters due for a check if they began to block under other settings, or the clock has stepped back: some in each
  -- tick, from where the last one ended.
  local function check_all_again()
    local cursor = check_cursor
    if limited_by and limited_by ~= delivery_settings then
      cursor = '0'
      redis.call('HDEL', k_meta, META.LIMITED_BY)
    elseif not cursor then
      local last = redis.call('ZRANGE', k_limiters, -1, -1, 'WITHSCORES')[2]
      if last and tonumber(last) > now + LONGEST_BLOCK_MS then cursor = '0' end
    end
    if not cursor then return end
    local next_cursor, found = unpack(redis.call('ZSCAN', k_limiters, cursor, 'COUNT', math.ceil(batch / 2)))
    for at = 1, #found, 2 do
      if tonumber(found[at + 1]) > now then redis.call('ZADD', k_limiters, now, found[at]) end
    end
    if next_cursor ~= '0' then
      redis.call('HSET', k_meta, META.CHECK_CURSOR, next_cursor)
      check_cursor = next_cursor
    elseif check_cursor then
      redis.call('HDEL', k_meta, META.CHECK_CURSOR)
      check_cursor = false
    end
  end

  local function release_holds()
    local orders
    if settings and settings.ordering == ORDERING.HOLD then
      orders = redis.call('ZRANGEBYSCORE', k_holds, '-inf', now, 'LIMIT', 0, batch)
    else
      orders = redis.call('ZRANGE', k_holds, 0, batch - 1)
    end
    for _, order in ipairs(orders) do
      local id = ordering.turn_of(order)
      local s = id and load_state(id)
      if s then ordering.leave(id, s) else redis.call('ZREM', k_holds, order) end
    end
  end

  local function check_due_limiters()
    for _, limiter in ipairs(redis.call('ZRANGEBYSCORE', k_limiters, '-inf', now, 'LIMIT', 0, batch)) do
      key_queues.unblock(limiter, batch)
    end
  end

  function bring_back()
    check_all_again()
    release_holds()
    check_due_limiters()
    flush_writes()
    key_queues.flush()
    flush_writes()
  end
end

-- Returns the first due time of what waits, or the instant at which a limiter is checked; 0: nothing waits.
local function first_due()
  local first = head_score(k_due) or math.huge
  if uses_indirect or key_queues.noted then
    first = math.min(first, head_score(k_key_queues) or math.huge, head_score(k_limiters) or math.huge)
    for _, priority in ipairs(redis.call('ZRANGE', k_priorities, 0, -1)) do
      first = math.min(first, head_score(k_due .. ':' .. priority) or math.huge,
        head_score(k_key_queues .. ':' .. priority) or math.huge)
    end
  end
  return first < math.huge and first or 0
end
