-- The first score of a sorted set; 0: it is empty.
local function first_score(key)
  local h = redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')
  return h[2] and tonumber(h[2]) or 0
end

-- When the oldest message of a queue was created; 0: there is none. Chunks are in the order of arrival: it is in the first
-- chunk, or was moved in. (One that was older when it came to the service may be in a later chunk.)
local function oldest_in(chunks, states, by_age)
  local first = redis.call('ZRANGE', chunks, 0, 0)[1]
  if not first then return 0 end
  local first_moved_in = first_score(by_age)
  local at = first_moved_in > 0 and first_moved_in or math.huge
  for _, id in ipairs(redis.call('HKEYS', states .. first)) do
    local born = created_at(id)
    if born < at then at = born end
  end
  return at == math.huge and 0 or at
end
