-- Accepts messages, or joins them to earlier ones. Each item stands by itself.
-- KEYS: queue base
-- ARGV: max_messages, max_bytes (of the queue; 0: no limit), poison_threshold, poison_window, dedup_window, history_changed (as
-- in tick.lua), outbox_max_bytes, delivery_settings; items: facts (layouts `send_item`, `send_extra`, `imported_history`),
-- envelope
-- Reply: layout `send_reply` for each, of a routed one with `send_target`
local NO_ID = string.rep('\0', 16)
local NO_STATE = { state = 0, reason = 0, qreason = 0, due = 0 }

local function reply(status, id, s)
  return write.send_reply(s, { status = status, id = id })
end

-- Returns the message that a send joins: same dedup key, same payload, still here.
local function joinable(dedup, payload_hash)
  if dedup == '' then return nil end
  local v = redis.call('GET', k_dedup .. dedup)
  if not v then return nil end
  local id, rest = read.dedup(v)
  if string.sub(v, rest) ~= payload_hash then return nil end
  local s = load_state(id)
  -- A message that moves to another queue counts as gone.
  if s and s.place ~= PLACE.MOVING then return id, s end
  return nil
end

local function is_poison(source)
  if source == '' or poison_threshold == 0 then return false end
  return sources.count(source, poison_window) >= poison_threshold
end

local function first_due(item)
  if item.has_due_at == 1 then return math.max(now, item.due_at) end
  return now + item.delay
end

local function join(id, s, item)
  count_cell(s, -1)
  append_failure(id, s, item.reason, item.failure)
  groups.enter(id, s, item.group, 1)
  count_cell(s, 1)
  if is_poison(item.source) then set_flag(s, FLAG.POISONED, true) end
  -- A worker may still report a success that it began before this failure: the message stays then.
  if s.nonce ~= '' then set_flag(s, FLAG.REJOINED, true) end
  local is_quarantined_now = s.state == STATE.SCHEDULED and has_flag(s, FLAG.POISONED)
  if s.state == STATE.IN_FLIGHT then
    -- After its delivery it is due when this failure says.
    s.due = first_due(item)
    save_state(id, s)
  elseif is_quarantined_now then
    leave(id, s)
    quarantine(id, s, QUARANTINE.POISON)
  else
    save_state(id, s)
  end
  count(COUNTER.JOINED)
  add_change(CHANGE.JOINED, id, s)
  -- JOINED also has this state if the message was in quarantine before.
  if is_quarantined_now then add_change(CHANGE.QUARANTINED, id, s) end
  return reply(SEND.JOINED, id, s)
end

local used = redis.call('HMGET', k_counters, COUNTER.MESSAGES, COUNTER.BYTES, COUNTER.DELETING, COUNTER.ACCEPTED)
local messages, bytes = tonumber(used[1] or 0), tonumber(used[2] or 0)

-- Arrivals are taken for the rest of a call at once; those of refused items stay unused.
local sequence, sequence_end = 0, 0
local function next_sequence(left)
  if sequence == sequence_end then
    sequence_end = redis.call('INCRBY', k_sequence, left)
    sequence = sequence_end - left
  end
  sequence = sequence + 1
  return sequence
end

-- Before anything else is written: a message is in no queue that is not listed, even if only a part of the writes is kept.
local is_listed = used[1] or used[4]
local function list_queue()
  if not is_listed then redis.call('ZADD', p_queues, 0, QUEUE) end
  is_listed = true
end

local listed_chunks = {}

-- Returns the reply; a status, if the queue is full.
local function accept(item, left)
  if max_messages > 0 and messages + 1 > max_messages then return SEND.FULL_MESSAGES end
  if max_bytes > 0 and bytes + item.size > max_bytes then return SEND.FULL_BYTES end

  list_queue()
  local id = make_id(next_sequence(left), item.random, item.born)
  local ttl = item.ttl
  local s = {
    state = STATE.SCHEDULED, place = PLACE.DUE, marks = 0, flags = 0, reason = item.reason, qreason = 0, version = 0,
    attempts = item.attempts, expiries = 0, releases = 0, unknown = 0, failures = 1 + item.failures, delivery = 0,
    size = item.size, due = 0, expire = ttl > 0 and item.born + ttl or 0, ttl = math.ceil(ttl / 1000), since = now,
    lease = 0, nonce = '', session = '', source = item.source, retry = item.retry, priority = item.priority,
    key = item.key, order = item.order, round = 0, last_delay = 0, hops = 0, move = '', group = 0,
  }
  local chunk = chunk_of_sequence(sequence)
  chunks_of_ids[id] = chunk
  put(bodies_of(chunk), id, item.envelope)
  keep_event_fields(id, s, item.event_fields)
  if not listed_chunks[chunk] then
    listed_chunks[chunk] = true
    rank(k_chunks, chunk, chunk)
  end

  local qreason = item.qreason
  if is_poison(s.source) then
    set_flag(s, FLAG.POISONED, true)
    if qreason == 0 then qreason = QUARANTINE.POISON end
  end
  if item.edits ~= '' then edit(id, s, item.edits) end
  groups.enter(id, s, item.group, 1)
  if qreason > 0 then
    s.due = now
    quarantine(id, s, qreason)
  else
    schedule(id, s, first_due(item))
  end

  messages, bytes = messages + 1, bytes + s.size
  count(COUNTER.MESSAGES)
  count(COUNTER.BYTES, item.size)
  count(COUNTER.ACCEPTED)
  if item.dedup ~= '' and dedup_window > 0 then
    redis.call('SET', k_dedup .. item.dedup, write.dedup { id = id } .. item.payload_hash, 'PX', dedup_window)
  end
  add_change(CHANGE.SENT, id, s, item.note)
  return reply(SEND.ACCEPTED, id, s)
end

-- Counts a message that a rule drops.
local function drop(item)
  list_queue()
  local s = { version = 0, state = STATE.DISCARDED, reason = item.reason, qreason = 0, attempts = 0, delivery = 0, due = 0,
    event_fields = item.event_fields }
  count(COUNTER.ACCEPTED)
  count(COUNTER.DISCARDED)
  add_change(CHANGE.DISCARDED, NO_ID, s, item.note)
  return reply(SEND.DROPPED, NO_ID, s)
end

-- The fields of an item without `send_extra`. In the item itself they would make a table of more than 16 fields, which
-- costs more than all that is read here.
local PLAIN_ITEM = { __index = {
  priority = 0, key = '', order = '', dropped = 0, note = '', edits = '', client = '', number = 0, event_fields = '',
  attempts = 0, failures = 0, born = now,
} }

local function read_item(at)
  local facts = ARGV[at + I_facts]
  local item, extra = record.send_item(facts)
  item.envelope = ARGV[at + I_envelope]
  setmetatable(item, PLAIN_ITEM)
  if extra > #facts then return item end

  local priority, key, order, dropped, note, edits, client, number, event_fields, rest = read.send_extra(facts, extra)
  item.priority, item.key, item.order, item.dropped = priority, key, order, dropped
  item.note, item.edits, item.client, item.number, item.event_fields = note, edits, client, number, event_fields
  if rest > #facts then return item end

  local attempts, failures, first = read.imported_history(facts, rest)
  item.attempts, item.failures = attempts, failures
  if first > 0 then item.born = math.min(first, now) end
  return item
end

if used[3] then
  return string.rep(reply(SEND.DELETING, NO_ID, NO_STATE), (#ARGV - FIRST + 1) / STRIDE)
end
local items, requests, clients, met = {}, {}, {}, {}
for at = FIRST, #ARGV, STRIDE do
  local item = read_item(at)
  items[#items + 1] = item
  if item.request ~= '' then requests[#requests + 1] = item.request end
  if item.client ~= '' and not met[item.client] then
    clients[#clients + 1] = item.client
    met[item.client] = true
  end
end
local given = all_answered(VERB_SEND, requests)
if #clients > 0 then numbers.load(clients) end
local replies = {}
for index, item in ipairs(items) do
  local answer = given[item.request]
  if answer then
    -- Marked, so that the caller counts nothing again.
    answer = string.char(string.byte(answer) + SEND.REPEATED) .. string.sub(answer, 2)
  elseif item.client ~= '' and numbers.is_used(item.client, item.number) then
    -- The first answer has expired.
    answer = reply(SEND.DUPLICATE, NO_ID, { state = 0, reason = item.reason, qreason = 0, due = 0 })
  else
    if item.dropped == 1 then
      answer = drop(item)
    else
      local id, s = joinable(item.dedup, item.payload_hash)
      answer = id and join(id, s, item) or accept(item, #items - index + 1)
    end
    if type(answer) == 'number' then
      answer = reply(answer, NO_ID, NO_STATE)
    else
      if item.client ~= '' then numbers.use(item.client, item.number) end
      if item.request ~= '' then
        remember(VERB_SEND, item.request, answer)
        given[item.request] = answer
      end
    end
  end
  replies[#replies + 1] = answer
end

if #clients > 0 then numbers.save() end
finish()
if #clients > 0 then numbers.finish() end
return table.concat(replies)
