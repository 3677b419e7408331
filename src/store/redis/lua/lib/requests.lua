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

-- The answers that many requests got, by request; those that got none are left out.
local function all_answered(verb, requests)
  local found = {}
  if #requests == 0 then return found end
  local fields = {}
  for index, request in ipairs(requests) do fields[index] = verb .. request end
  local generation = math.floor(now / GENERATION_MS)
  for back = 0, GENERATIONS - 1 do
    local key = k_answers .. string.format('%d', generation - back)
    if redis.call('EXISTS', key) == 1 then
      for index, v in ipairs(redis.call('HMGET', key, unpack(fields))) do
        if v then found[requests[index]] = v end
      end
    end
  end
  return found
end

local new_generation

local function remember(verb, request, answer)
  if request == '' then return end
  local key = k_answers .. string.format('%d', math.floor(now / GENERATION_MS))
  if new_generation == nil then new_generation = redis.call('EXISTS', key) == 0 and key end
  put(key, verb .. request, answer)
end

-- After flush_writes.
local function flush_answers()
  if new_generation then redis.call('PEXPIRE', new_generation, GENERATION_MS * (GENERATIONS + 1)) end
end
