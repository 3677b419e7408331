-- Brings deleted messages back: those of the ids, or without ids a page of those that ended in one way within a time, the oldest first.
-- KEYS: queue base
-- ARGV: max_messages, max_bytes, to_retry (1: due now, with a new round of attempts; 0: as they were), state (how they ended; 0: the
-- items are ids), first, last (when), page, history_changed (as in tick.lua), outbox_max_bytes, request, after (layout `entry`; '': from
-- the start), caller ('': unknown), delivery_settings; items: id
-- Reply: layout `undeleted` (if there may be more, with the last one that was looked at); `refused_undelete` for each that stays deleted
local answer = answered(VERB_UNDELETE, request)
if answer then return answer end

local used = redis.call('HMGET', k_counters, COUNTER.MESSAGES, COUNTER.BYTES, COUNTER.DELETING)
local messages, bytes = tonumber(used[1] or 0), tonumber(used[2] or 0)

local function refusal(s)
  if used[3] then return UNDELETE.DELETING end
  if max_messages > 0 and messages + 1 > max_messages then return UNDELETE.FULL_MESSAGES end
  if max_bytes > 0 and bytes + s.size > max_bytes then return UNDELETE.FULL_BYTES end
  return nil
end

local function begin_round(s)
  s.attempts, s.expiries, s.releases, s.place = 0, 0, 0, PLACE.DUE
  s.round, s.last_delay = now, 0
  set_flag(s, FLAG.POISONED, false)
  if s.source ~= '' then sources.forget(s.source) end
end

-- No token of an earlier delivery is valid any more.
local function restore(id, s)
  local was_quarantined = s.state == STATE.QUARANTINED
  forget_lease(s)
  for _, flag in ipairs { FLAG.REJOINED, FLAG.PROBE, FLAG.BUDGETED, FLAG.WAITING } do set_flag(s, flag, false) end
  s.move = ''
  if s.place == PLACE.MOVING then s.place = PLACE.DUE end
  if to_retry == 1 then begin_round(s) end
  if s.expire > 0 and (to_retry == 1 or s.expire <= now) then s.expire = now + s.ttl * 1000 end
  if was_quarantined and to_retry == 0 then
    quarantine(id, s, s.qreason)
  else
    schedule(id, s, to_retry == 1 and now or s.due)
  end
end

-- Puts a message back into its place in the queue.
local function place(id, s, facts)
  chunks_of_ids[id] = nil
  if s.hops > 0 then moved_in.add(id, facts.arrival) end
  local chunk = chunk_of(id)
  rank(k_chunks, chunk, chunk)
  rank(deleted.index_of(facts.state), id, false)
  put(k_deleted_facts, id, false)
  count(COUNTER.DELETED_BYTES, -facts.bytes)
  s.group = 0
  groups.enter(id, s, facts.group, 0)
  timeline.carry(id, s, facts.timeline)
  timeline.add(id, s, { kind = EVENT.UNDELETED, began = facts.at, delivery = s.delivery, who = caller })
end

-- Returns a number of UNDELETE.
local function undelete(id)
  local v = redis.call('HGET', k_deleted_facts, id)
  if load_state(id) then return UNDELETE.PRESENT end
  if not v then return UNDELETE.MISSING end
  local is_sound, facts, s = pcall(deleted.read, v)
  local has_body = is_sound and redis.call('HEXISTS', k_bodies .. chunk_of_sequence(facts.arrival), id) == 1
  if not has_body then return UNDELETE.DAMAGED end
  local refused = refusal(s)
  if refused then return refused end
  -- The change that removed it has the next version.
  s.version = (s.version + 1) % 65536
  place(id, s, facts)
  restore(id, s)
  messages, bytes = messages + 1, bytes + s.size
  count(COUNTER.MESSAGES)
  count(COUNTER.BYTES, s.size)
  count(COUNTER.UNDELETED)
  add_change(CHANGE.UNDELETED, id, s, by_person(caller))
  return UNDELETE.DONE
end

-- Not those that end later: what is brought back may soon end again.
local up_to = math.min(last, now)
local ids, last_seen = {}, { score = 0, id = string.rep('\0', 16) }
if state == 0 then
  for at = FIRST, #ARGV do ids[#ids + 1] = ARGV[at] end
else
  local from = after ~= '' and after or write.entry { score = first - 1, id = string.rep('\255', 16) }
  local entries = entries_after(deleted.index_of(state), from, page)
  for at = 1, #entries, 2 do
    local score = tonumber(entries[at + 1])
    if score <= up_to then
      ids[#ids + 1] = entries[at]
      last_seen = { score = score, id = entries[at] }
    end
  end
end

local undeleted, refused = 0, {}
for _, id in ipairs(ids) do
  local status = undelete(id)
  if status == UNDELETE.DONE then
    undeleted = undeleted + 1
  else
    refused[#refused + 1] = write.refused_undelete { id = id, status = status }
  end
end
local more = state > 0 and #ids == page and 1 or 0
answer = write.undeleted(last_seen, { count = undeleted, more = more, up_to = up_to }) .. table.concat(refused)
remember_in_queue(VERB_UNDELETE, request, answer, undeleted > 0)
finish()
return answer
