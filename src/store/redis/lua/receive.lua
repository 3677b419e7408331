-- Takes in messages that move here from another queue, or refuses them. Decisions are kept for days by message, delivery and, of moves
-- by batch jobs, when they began (each other move follows another delivery): a repeat gets the same answer and changes nothing, even if
-- the message was processed or moved on since.
-- KEYS: base of the target queue
-- ARGV: max_messages, max_bytes, refuse (0, or the status of MOVE for messages that are not decided yet), history_changed (as
-- in tick.lua), outbox_max_bytes, from (the other queue), delivery_settings; items: facts (layout `receive_item`), state,
-- envelope, history, edits, event_fields, group (digest and description, or nothing), timeline
-- Reply: one byte for each, a number of MOVE
local items, marks = {}, {}
for at = FIRST, #ARGV, STRIDE do
  local item = record.receive_item(ARGV[at + I_facts])
  item.mark, item.at = write.move_mark(item) .. (item.began > 0 and write.move_began(item) or ''), at
  items[#items + 1] = item
  marks[#marks + 1] = item.mark
end

local decided = arrivals.decided(marks)

local used = redis.call('HMGET', k_counters, COUNTER.MESSAGES, COUNTER.BYTES, COUNTER.DELETING)
local messages, bytes = tonumber(used[1] or 0), tonumber(used[2] or 0)

local function refusal(item, s)
  if refuse > 0 then return refuse end
  -- An import may have brought a copy. Or it has moved on from this queue, and its server has not ended that move: then this copy is
  -- older than the delivery that it had since.
  local before = load_state(item.id)
  if before and (before.place ~= PLACE.MOVING or before.delivery >= item.delivery) then return MOVE.PRESENT end
  if used[3] then return MOVE.DELETING end
  if max_messages > 0 and messages + 1 > max_messages then return MOVE.FULL_MESSAGES end
  if max_bytes > 0 and bytes + s.size > max_bytes then return MOVE.FULL_BYTES end
  return nil
end

local function take_in(item, s)
  local id = item.id
  local before = load_state(id)
  if before then depart(id, before) end
  -- Before anything else is written, as in send.lua.
  if not used[1] then redis.call('ZADD', p_queues, 0, QUEUE) end
  deleted.replace(id)
  -- Its chunk was looked up by its id; here it gets another one.
  chunks_of_ids[id] = nil
  moved_in.add(id, redis.call('INCR', k_sequence))
  local chunk = chunk_of(id)
  put(bodies_of(chunk), id, ARGV[item.at + I_envelope])
  rank(k_chunks, chunk, chunk)
  local history = ARGV[item.at + I_history]
  if history ~= '' then put(k_failures .. chunk, id, history) end
  local edits = ARGV[item.at + I_edits]
  if edits ~= '' then put(k_edits .. chunk, id, edits) end
  s.marks, s.group = 0, 0
  groups.enter(id, s, ARGV[item.at + I_group], 0)
  keep_event_fields(id, s, ARGV[item.at + I_event_fields])
  timeline.carry(id, s, ARGV[item.at + I_timeline])
  timeline.add(id, s, { kind = EVENT.MOVED, delivery = s.delivery, who = from })
  -- The first byte of the plan of a move: the quarantine reason here; 0: none.
  local qreason = string.byte(s.move)
  note_lost_delivery(s)
  s.hops, s.move, s.place, s.key, s.order = u8(s.hops + 1), '', PLACE.DUE, item.key, item.order
  set_flag(s, FLAG.HISTORY, history ~= '')
  set_flag(s, FLAG.EDITED, edits ~= '')
  set_flag(s, FLAG.BUDGETED, false)
  if qreason > 0 then quarantine(id, s, qreason) else schedule(id, s, s.due) end
  messages, bytes = messages + 1, bytes + s.size
  count(COUNTER.MESSAGES)
  count(COUNTER.BYTES, s.size)
  count(COUNTER.MOVED_IN)
  add_change(CHANGE.MOVED_IN, id, s, from)
end

local replies = {}
for index, item in ipairs(items) do
  local status = decided[item.mark]
  if not status then
    local s = unpack_state(ARGV[item.at + I_state])
    status = refusal(item, s) or MOVE.RECEIVED
    if status == MOVE.RECEIVED then take_in(item, s) end
    decided[item.mark] = status
    arrivals.keep(item.mark, status)
  end
  replies[index] = string.char(status)
end
finish()
arrivals.finish()
return table.concat(replies)
