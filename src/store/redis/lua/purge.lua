-- Removes messages of a queue that is being deleted, a few chunks in each call; with `ending`, when
-- none is left, the queue itself. Safe to repeat: what is not sealed is left alone.
local REMOVED, EMPTY, ABSENT, ALIVE = 0, 1, 2, 3
local NAMES_A_CALL = 500
-- As in send/numbers.lua.
local NUMBERS_DAY_MS, NUMBERS_DAYS = 86400000, 7

local used = redis.call('HMGET', k_counters, 'deleting', 'accepted', 'moved_in')
if not used[1] then return (used[2] or used[3]) and ALIVE or ABSENT end
local sealed_at = tonumber(used[1])

local function purge(id, s)
  leave(id, s)
  forget(id, s)
  count('purged')
  if s.source ~= '' then sources.forget(s.source) end
end

local removed = 0
local last_chunk = math.floor(sealed_at / 128)
for _, chunk in ipairs(redis.call('ZRANGEBYSCORE', k_chunks, '-inf', last_chunk, 'LIMIT', 0, chunks_a_call)) do
  local entries = redis.call('HGETALL', states_of(chunk))
  for at = 1, #entries, 2 do
    local id = entries[at]
    chunks_of_ids[id] = chunk
    if tonumber(chunk) < last_chunk or arrival_of(id) <= sealed_at then
      -- Removing one may have changed the next one of its order.
      if known_states[id] == nil then known_states[id] = unpack_state(entries[at + 1]) end
      purge(id, known_states[id])
      removed = removed + 1
    end
  end
  if #entries == 0 then
    -- A defect: a chunk that is listed and not there.
    thinned_chunks[chunk] = true
    removed = removed + 1
  end
end
finish()
if removed > 0 then return REMOVED end

-- There may have been as many limiters and breakers as keys: some in each call, as of messages.
local function unlink_some(index, family)
  local names = redis.call('ZRANGE', index, 0, NAMES_A_CALL - 1)
  for _, name in ipairs(names) do redis.call('UNLINK', family .. name) end
  if #names > 0 then redis.call('ZREM', index, unpack(names)) end
  return #names == NAMES_A_CALL
end
local left = tonumber(redis.call('HGET', k_counters, 'messages') or '0')
if left == 0 and (unlink_some(k_limiters, k_blocked) or unlink_some(k_breakers, k_breaker)) then return REMOVED end
if ending == 0 then return EMPTY end

if left > 0 then
  -- They came after the queue was sealed: it lives on with them.
  redis.call('HDEL', k_counters, 'deleting', 'deleting_total')
  redis.call('HDEL', k_meta, 'deleting')
  return ALIVE
end
-- What the streams that are open have said of themselves stays: they wait for the next message. Dedup
-- keys name messages that are not there, and expire, as fences, the sources of earlier messages and what has
-- arrived from other queues do: a move that is repeated must not bring back what went with the queue. So do
-- tokens of keys, and what closed breakers of keys have counted.
redis.call('UNLINK', k_breaker, k_bucket .. 'q', k_bucket .. 'b')
redis.call('UNLINK', k_limiters, k_due, k_isolated, k_leases, k_quarantine, k_expiry, k_chunks, k_counters, k_rates,
  k_meta, k_sequence, k_journal, k_key_queues, k_priorities, k_indirect, k_breakers, k_in_flight_by_key, k_turns, k_holds, k_moving,
  k_moved_in, k_by_age)
-- Requests of the old life must not be answered by it.
local generation = math.floor(now / GENERATION_MS)
for back = 0, GENERATIONS do
  redis.call('UNLINK', k_answers .. string.format('%d', generation - back))
end
-- Nor may numbers of sends: what comes again under them is of the new life.
for back = 0, NUMBERS_DAYS do
  redis.call('UNLINK', k_numbers .. string.format('%d', math.floor(now / NUMBERS_DAY_MS) - back))
end
redis.pcall('PUBLISH', PREFIX .. ':config', QUEUE .. '\n\ndeleted')
return ABSENT
