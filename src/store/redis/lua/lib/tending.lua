-- When a server last looked after the partition. While leases are out, all servers look each second: a longer silence means
-- that the store or all servers were down, and workers could not report.
local function read_tending()
  local v = redis.call('HMGET', p_meta, PARTITION_META.TENDED, PARTITION_META.RESUMED, PARTITION_META.STEPS_BACK)
  -- Without a time nobody has looked yet: as after a silence.
  local tended_at, resumed, steps_back = tonumber(v[1] or '0'), tonumber(v[2] or '0'), tonumber(v[3] or '0')
  local has_stepped_back = tended_at - now > LIMIT.SILENCE_MS
  -- After the clock has stepped back the grace must still end.
  if now - tended_at > LIMIT.SILENCE_MS or resumed > now then resumed = now end
  if has_stepped_back then
    steps_back = steps_back + 1
    -- Each queue looks at its leases and its limiters again.
    redis.call('ZUNIONSTORE', p_tend, 3, p_tend, p_ready, p_isolated, 'WEIGHTS', 0, 0, 0)
  end

  -- Stores the time of this look, at most once a second, so that all queues of the partition know what it found.
  local function note()
    if not has_stepped_back and math.abs(now - tended_at) < 1000 then return end
    redis.call('HSET', p_meta, PARTITION_META.TENDED, now, PARTITION_META.RESUMED, resumed,
      PARTITION_META.STEPS_BACK, steps_back)
  end
  if has_stepped_back then note() end
  return { resumed_at = resumed, steps_back = steps_back, note = note }
end

local tending = read_tending()
