-- Removes messages of a sealed queue, a few chunks in each call; with `ending`, when none is left, the queue itself.
-- Changes nothing of a queue that is not sealed. Safe to repeat.
-- KEYS: queue base
-- ARGV: chunks_a_call, ending (1: remove the queue), history_changed (as in tick.lua), outbox_max_bytes; items: group (its number; it
-- may have a count of this queue, which goes with the queue)
-- Reply: a number of PURGE. REMOVED: there may be more. EMPTY: no message is left. ABSENT: the queue is gone. ALIVE: it
-- is not sealed, or messages came after the seal
local NAMES_A_CALL = 500

local used = redis.call('HMGET', k_counters, COUNTER.DELETING, COUNTER.ACCEPTED, COUNTER.MOVED_IN)
if not used[1] then
  if used[2] or used[3] then return PURGE.ALIVE end
  if ending == 1 then redis.call('ZREM', p_queues, QUEUE) end
  return PURGE.ABSENT
end
local sealed_at = tonumber(used[1])

local function purge(id, s)
  leave(id, s)
  -- What is deleted must not be written once more.
  s.event_fields = ''
  forget(id, s)
  count(COUNTER.PURGED)
  s.state = STATE.PURGED
  add_change(CHANGE.PURGED, id, s)
  if s.source ~= '' then sources.forget(s.source) end
end

local function purge_chunks()
  local removed = 0
  local last_chunk = math.floor(sealed_at / LIMIT.CHUNK)
  for _, chunk in ipairs(redis.call('ZRANGEBYSCORE', k_chunks, '-inf', last_chunk, 'LIMIT', 0, chunks_a_call)) do
    local entries = redis.call('HGETALL', states_of(chunk))
    for at = 1, #entries, 2 do
      local id = entries[at]
      chunks_of_ids[id] = chunk
      if tonumber(chunk) < last_chunk or arrival_of(id) <= sealed_at then
        -- Removing a message may have changed the next one of its order.
        if known_states[id] == nil then known_states[id] = unpack_state(entries[at + 1]) end
        purge(id, known_states[id])
        removed = removed + 1
      end
    end
    if #entries == 0 then
      -- A defect: the chunk is listed, and does not exist.
      thinned_chunks[chunk] = true
      removed = removed + 1
    end
  end
  return removed
end

local removed = purge_chunks()
finish()
if removed > 0 then return PURGE.REMOVED end

-- Deleted messages go with the queue.
local function erase_some()
  if redis.call('EXISTS', k_deleted_facts) == 0 then return false end
  local erased
  repeat erased = deleted.erase_oldest() until not erased
  flush_writes()
  flush_counters()
  return deleted.oldest() ~= nil
end

-- There may be as many limiters and breakers as keys: some in each call, as with messages.
local function unlink_some(index, family)
  local names = redis.call('ZRANGE', index, 0, NAMES_A_CALL - 1)
  for _, name in ipairs(names) do redis.call('UNLINK', family .. name) end
  if #names > 0 then redis.call('ZREM', index, unpack(names)) end
  return #names == NAMES_A_CALL
end
local left = tonumber(redis.call('HGET', k_counters, COUNTER.MESSAGES) or '0')
if left == 0 and (erase_some() or unlink_some(k_limiters, k_blocked) or unlink_some(k_breakers, k_breaker)) then return PURGE.REMOVED end
if ending == 0 then return PURGE.EMPTY end

if left > 0 then
  -- They came after the seal: the queue goes on with them.
  redis.call('HDEL', k_counters, COUNTER.DELETING, COUNTER.DELETING_TOTAL)
  redis.call('HDEL', k_meta, META.DELETING)
  return PURGE.ALIVE
end
-- An older server has removed messages without counting that.
for at = FIRST, #ARGV, STRIDE do
  redis.pcall('HDEL', p_group_counts, write.group_number { number = tonumber(ARGV[at + I_group]) } .. QUEUE)
end
-- These stay: `workers`, since open streams wait for the next message. These stay and expire: dedup keys, whose messages
-- are gone; fences and last claims; sources of earlier messages; decided moves, so that a repeated one brings nothing back;
-- tokens of keys, and counts of closed breakers of keys.
redis.call('UNLINK', k_canary, k_breaker, k_bucket .. 'q', k_bucket .. 'b')
redis.call('UNLINK', k_limiters, k_due, k_isolated, k_leases, k_quarantine, k_expiry, k_chunks, k_counters, k_rates,
  k_meta, k_sequence, k_key_queues, k_priorities, k_indirect, k_breakers, k_in_flight_by_key, k_turns,
  k_holds, k_moving, k_moved_in, k_by_age, k_postponed, k_deleted_facts, deleted.index_of(STATE.SUCCEEDED),
  deleted.index_of(STATE.DISCARDED), deleted.index_of(STATE.PURGED))
-- A new queue of this name must not give the answers of this one, nor refuse its numbers of sends. The clock may have
-- stepped back.
local generation = math.floor(now / LIMIT.GENERATION_MS)
for back = -1, LIMIT.GENERATIONS do redis.call('UNLINK', answers_of(generation - back)) end
local today = math.floor(now / LIMIT.DAY_MS)
for back = -1, LIMIT.KEPT_DAYS + 2 do
  local key = k_numbers .. string.format('%d', today - back)
  redis.call('UNLINK', key, key .. ':old')
end
redis.call('ZREM', p_queues, QUEUE)
for _, index in ipairs({ p_ready, p_isolated, p_tend, p_deleted }) do redis.call('ZREM', index, QUEUE) end
redis.pcall('PUBLISH', PREFIX .. ':config', QUEUE .. '\n\ndeleted')
return PURGE.ABSENT
