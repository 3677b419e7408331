-- Erases deleted messages that were kept for long enough. `by`: how far the clock is ahead, see lives.lua.
local function kept_for(state)
  if deleted_retention == '' then return 0 end
  local keep_succeeded, keep_deleted = read.retention(deleted_retention)
  return state == STATE.SUCCEEDED and keep_succeeded or keep_deleted
end

local function end_deleted(by)
  for _, state in ipairs(deleted.states) do deleted.erase_until(state, now - by - kept_for(state), batch) end
end

-- Returns when the next one is erased; math.huge: the queue keeps none.
local function next_end_of_deleted(by)
  local next_end, oldest = math.huge, math.huge
  for _, state in ipairs(deleted.states) do
    local at = head_score(deleted.index_of(state)) or math.huge
    oldest, next_end = math.min(oldest, at), math.min(next_end, at + by + kept_for(state))
  end
  if oldest < math.huge then
    redis.call('ZADD', p_deleted, oldest, QUEUE)
    return next_end
  end
  redis.call('HDEL', k_meta, META.KEEPS_DELETED)
  redis.call('ZREM', p_deleted, QUEUE)
  return math.huge
end
