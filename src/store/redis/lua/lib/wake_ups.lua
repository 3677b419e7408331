-- The times of the queue in the wake-up indexes, which a script only lowers.

-- When a claim, and an isolated one, may find what this script schedules; when a tick has other work to do.
local first_claim, first_isolated, first_tend = math.huge, math.huge, math.huge
local wakes_now = false

local function note_due(at)
  if first_claim == math.huge then checked_sorted_sets[#checked_sorted_sets + 1] = p_ready end
  first_claim = math.min(first_claim, at)
end

local function note_isolated(at)
  if first_isolated == math.huge then checked_sorted_sets[#checked_sorted_sets + 1] = p_isolated end
  first_isolated = math.min(first_isolated, at)
end

local function note_tend(at)
  if first_tend == math.huge then checked_sorted_sets[#checked_sorted_sets + 1] = p_tend end
  first_tend = math.min(first_tend, at)
end

-- What blocked the queue has changed.
local function note_change() wakes_now = true end

-- If a claim may find something sooner than known, publishes when. Only a hint: servers with streams also look by themselves.
local function flush_wake()
  local wake_at = wakes_now and now or math.huge
  if first_claim < math.huge and redis.call('ZADD', p_ready, 'LT', 'CH', first_claim, QUEUE) == 1 then
    wake_at = math.min(wake_at, first_claim)
  end
  if first_isolated < math.huge and redis.call('ZADD', p_isolated, 'LT', 'CH', first_isolated, QUEUE) == 1 then
    wake_at = math.min(wake_at, first_isolated)
  end
  if first_tend < math.huge then redis.call('ZADD', p_tend, 'LT', first_tend, QUEUE) end
  if wake_at == math.huge then return end
  -- A user without rights on channels loses the hint, not the script.
  redis.pcall('PUBLISH', PREFIX .. ':wake', QUEUE .. '\n\n' .. string.format('%d', math.max(0, wake_at - now)))
end
