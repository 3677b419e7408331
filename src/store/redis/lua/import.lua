-- Stores messages of an export with their ids. Each item stands by itself. A message is stored once in days under its mark, and not
-- if its id is here: so a repeat changes nothing.
-- KEYS: queue base
-- ARGV: max_messages, max_bytes (of the queue; 0: no limit), dry_run (1: only answers), history_changed (as in tick.lua),
-- outbox_max_bytes, import (16 bytes that name the import), caller, delivery_settings; items: facts (layout `import_item`), state
-- (its group and what is in no state are in other parts), envelope, history, edits, timeline
-- Reply: one byte for each, a number of IMPORT
local used = redis.call('HMGET', k_counters, COUNTER.MESSAGES, COUNTER.BYTES, COUNTER.DELETING)
local messages, bytes = tonumber(used[1] or 0), tonumber(used[2] or 0)

local items, marks, ids = {}, {}, {}
for at = FIRST, #ARGV, STRIDE do
  local item = record.import_item(ARGV[at + I_facts])
  item.mark, item.at = import .. item.id, at
  items[#items + 1], marks[#marks + 1], ids[#ids + 1] = item, item.mark, item.id
end
local decided = arrivals.decided(marks)
load_states(ids)

local function refusal(s)
  if used[3] then return IMPORT.DELETING end
  if max_messages > 0 and messages + 1 > max_messages then return IMPORT.FULL_MESSAGES end
  if max_bytes > 0 and bytes + s.size > max_bytes then return IMPORT.FULL_BYTES end
  return nil
end

local function store(item, s)
  local id = item.id
  -- Before anything else is written, as in send.lua.
  if not used[1] then redis.call('ZADD', p_queues, 0, QUEUE) end
  deleted.replace(id)
  -- Its chunk was looked up by its id; here it gets another one.
  chunks_of_ids[id] = nil
  moved_in.add(id, redis.call('INCR', k_sequence))
  local chunk = chunk_of(id)
  put(bodies_of(chunk), id, ARGV[item.at + I_envelope])
  rank(k_chunks, chunk, chunk)
  local history, edits = ARGV[item.at + I_history], ARGV[item.at + I_edits]
  if history ~= '' then put(k_failures .. chunk, id, history) end
  if edits ~= '' then put(k_edits .. chunk, id, edits) end
  set_flag(s, FLAG.HISTORY, history ~= '')
  set_flag(s, FLAG.EDITED, edits ~= '')
  -- So that `forget` forgets its arrival.
  s.hops = math.max(1, s.hops)
  s.key, s.order = item.key, item.order
  groups.enter(id, s, item.group, 0)
  keep_event_fields(id, s, item.event_fields)
  timeline.carry(id, s, ARGV[item.at + I_timeline])
  timeline.add(id, s, { kind = EVENT.IMPORTED, delivery = s.delivery, who = caller, note = item.from })
  if s.state == STATE.QUARANTINED then
    quarantine(id, s, s.qreason)
  else
    -- Its life is over: `schedule` gives it another one.
    if s.expire > 0 and s.expire <= now then s.due = math.max(s.due, now) end
    schedule(id, s, s.due)
  end
  count(COUNTER.MESSAGES)
  count(COUNTER.BYTES, s.size)
  count(COUNTER.ACCEPTED)
  add_change(CHANGE.SENT, id, s)
end

local replies = {}
for index, item in ipairs(items) do
  local s = unpack_state(ARGV[item.at + I_state])
  local status = IMPORT.ALREADY_THERE
  if not decided[item.mark] and not load_state(item.id) then
    status = refusal(s) or IMPORT.IMPORTED
    if status == IMPORT.IMPORTED then
      messages, bytes = messages + 1, bytes + s.size
      if dry_run == 0 then
        store(item, s)
        arrivals.keep(item.mark, MOVE.RECEIVED)
      end
      decided[item.mark] = MOVE.RECEIVED
    end
  end
  replies[index] = string.char(status)
end
if dry_run == 0 then
  finish()
  arrivals.finish()
end
return table.concat(replies)
