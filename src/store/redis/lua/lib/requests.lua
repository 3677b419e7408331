-- Answers already given, by request: kept for at least 10 minutes in hashes of 5 minutes each, so
-- that forgetting them costs nothing. A repeated request gets its first answer and changes nothing.
local GENERATION_MS, GENERATIONS = 300000, 3

local function answered(request)
  if request == '' then return nil end
  local generation = math.floor(now / GENERATION_MS)
  for back = 0, GENERATIONS - 1 do
    local v = redis.call('HGET', k_answers .. string.format('%d', generation - back), request)
    if v then return v end
  end
  return nil
end

local function remember(request, answer)
  if request == '' then return end
  local key = k_answers .. string.format('%d', math.floor(now / GENERATION_MS))
  redis.call('HSET', key, request, answer)
  if redis.call('HLEN', key) == 1 then
    redis.call('PEXPIRE', key, GENERATION_MS * (GENERATIONS + 1))
  end
end
