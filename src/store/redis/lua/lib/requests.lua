-- Answers already given, by request: kept for at least 10 minutes in hashes of 5 minutes each, so
-- that forgetting them costs nothing. A repeated request gets its first answer and changes nothing.
-- Answers of different verbs read differently, so each verb has its own: the caller may well use
-- one request id for a send and for the ack of what it sent.
local GENERATION_MS, GENERATIONS = 300000, 3

local VERB_SEND, VERB_SETTLE, VERB_RETRY = 's', 'a', 'r'

local function answered(verb, request)
  if request == '' then return nil end
  local generation = math.floor(now / GENERATION_MS)
  for back = 0, GENERATIONS - 1 do
    local v = redis.call('HGET', k_answers .. string.format('%d', generation - back), verb .. request)
    if v then return v end
  end
  return nil
end

local function remember(verb, request, answer)
  if request == '' then return end
  local key = k_answers .. string.format('%d', math.floor(now / GENERATION_MS))
  redis.call('HSET', key, verb .. request, answer)
  if redis.call('HLEN', key) == 1 then
    redis.call('PEXPIRE', key, GENERATION_MS * (GENERATIONS + 1))
  end
end
