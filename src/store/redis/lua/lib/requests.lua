-- Answers by request, kept for at least 10 minutes in hashes of 5 minutes each, which expire as a whole. A repeated
-- request gets its first answer and changes nothing. Each verb has its own answers: a caller may use one request id
-- for a send and for the outcome of what it sent. The first write to a new hash unlinks one that is no longer read:
-- Redis would free an expired one while all calls wait. The next hash is read too, so that a step back of the clock by
-- up to 5 minutes does no harm.
local VERB_SEND, VERB_SETTLE, VERB_RETRY, VERB_UNDELETE = 's', 'a', 'r', 'u'

local function answers_of(generation) return k_answers .. string.format('%d', generation) end

-- Returns the answer that a request got; nil: none.
local function answered(verb, request)
  if request == '' then return nil end
  local generation = math.floor(now / LIMIT.GENERATION_MS)
  for back = -1, LIMIT.GENERATIONS - 1 do
    local v = redis.call('HGET', answers_of(generation - back), verb .. request)
    if v then return v end
  end
  return nil
end

-- Returns the answers that the requests got, by request.
local function all_answered(verb, requests)
  local found = {}
  if #requests == 0 then return found end
  local fields = {}
  for index, request in ipairs(requests) do fields[index] = verb .. request end
  local generation = math.floor(now / LIMIT.GENERATION_MS)
  for back = -1, LIMIT.GENERATIONS - 1 do
    local key = answers_of(generation - back)
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
  local key = answers_of(math.floor(now / LIMIT.GENERATION_MS))
  if new_generation == nil then new_generation = redis.call('EXISTS', key) == 0 and key end
  put(key, verb .. request, answer)
end

-- Keeps an answer; one that changed nothing only if the queue exists, so that an invented name leaves no key behind.
local function remember_in_queue(verb, request, answer, changed)
  if request == '' or not changed and redis.call('EXISTS', k_counters) == 0 then return end
  remember(verb, request, answer)
end

-- After flush_writes.
local function flush_answers()
  if not new_generation then return end
  redis.call('PEXPIRE', new_generation, LIMIT.GENERATION_MS * (LIMIT.GENERATIONS + 1))
  local unread = math.floor(now / LIMIT.GENERATION_MS) - LIMIT.GENERATIONS
  redis.call('UNLINK', answers_of(unread), answers_of(unread - 1))
end
