-- Accepts messages, or joins them to earlier ones. Each item stands by itself.
local ACCEPTED, JOINED, FULL_MESSAGES, FULL_BYTES, DELETING, DROPPED, TAKEN, REPEATED = 0, 1, 2, 3, 4, 5, 7, 16
local STATE_DISCARDED = 5
local NO_ID = string.rep('\0', 16)

local function reply(status, id, s)
  return struct.pack('>Bc16BBBI6', status, id, s.state, s.reason, s.qreason, s.due)
end

-- The message that this send joins: same dedup key, same payload, still there.
local function joinable(dedup, payload_hash)
  if dedup == '' then return nil end
  local v = redis.call('GET', k_dedup .. dedup)
  if not v or string.sub(v, 17) ~= payload_hash then return nil end
  local id = string.sub(v, 1, 16)
  local s = load_state(id)
  -- What is on its way to another queue is as good as gone.
  if s and s.place ~= PLACE_MOVING then return id, s end
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
  count_cell(s, 1)
  if is_poison(item.source) then set_flag(s, FLAG_POISONED, true) end
  -- A worker may still report a success that it began before this failure: the message stays then.
  if s.nonce ~= '' then set_flag(s, FLAG_REJOINED, true) end
  if s.state == IN_FLIGHT then
    -- It failed once more while a worker has it: due again when this failure says.
    s.due = first_due(item)
    save_state(id, s)
  elseif s.state == SCHEDULED and has_flag(s, FLAG_POISONED) then
    leave(id, s)
    quarantine(id, s, QUARANTINE_POISON)
  else
    save_state(id, s)
  end
  count('joined')
  journal('joined', id, s)
  return reply(JOINED, id, s)
end

local used = redis.call('HMGET', k_counters, 'messages', 'bytes', 'deleting', 'accepted')
local messages, bytes = tonumber(used[1] or 0), tonumber(used[2] or 0)

-- Numbers are taken for the rest of a call at once; those that a refused item leaves are not used.
local sequence, sequence_end = 0, 0
local function next_sequence(left)
  if sequence == sequence_end then
    sequence_end = redis.call('INCRBY', k_sequence, left)
    sequence = sequence_end - left
  end
  sequence = sequence + 1
  return sequence
end

local listed_chunks = {}

local function accept(item, left)
  if max_messages > 0 and messages + 1 > max_messages then return FULL_MESSAGES end
  if max_bytes > 0 and bytes + item.size > max_bytes then return FULL_BYTES end

  local id = make_id(next_sequence(left), item.random, item.born)
  local ttl = item.ttl
  local s = {
    state = SCHEDULED, place = PLACE_DUE, flags = 0, reason = item.reason,
    qreason = 0, version = 0, attempts = item.attempts, expiries = 0, releases = 0, unknown = 0, failures = 1 + item.failures,
    delivery = 0, size = item.size, due = 0, expire = ttl > 0 and item.born + ttl or 0,
    ttl = math.ceil(ttl / 1000), since = now, lease = 0, nonce = '', session = '',
    source = item.source, retry = item.retry,
    priority = item.priority, key = item.key, order = item.order, round = 0, last_delay = 0,
    hops = 0, move = '',
  }
  local chunk = chunk_of_sequence(sequence)
  chunks_of_ids[id] = chunk
  put(bodies_of(chunk), id, item.envelope)
  if not listed_chunks[chunk] then
    listed_chunks[chunk] = true
    rank(k_chunks, chunk, chunk)
  end

  local qreason = item.qreason
  if is_poison(s.source) then
    set_flag(s, FLAG_POISONED, true)
    if qreason == 0 then qreason = QUARANTINE_POISON end
  end
  if item.edits ~= '' then edit(id, s, item.edits) end
  if qreason > 0 then
    s.due = now
    quarantine(id, s, qreason)
  else
    schedule(id, s, first_due(item))
  end

  messages, bytes = messages + 1, bytes + s.size
  count('messages')
  count('bytes', item.size)
  count('accepted')
  if item.dedup ~= '' and dedup_window > 0 then
    redis.call('SET', k_dedup .. item.dedup, id .. item.payload_hash, 'PX', dedup_window)
  end
  journal(qreason > 0 and 'quarantined' or 'sent', id, s, item.note)
  return reply(ACCEPTED, id, s)
end

-- Not kept, as a rule says: counted, and nothing else.
local function drop(item)
  local s = { state = STATE_DISCARDED, reason = item.reason, qreason = 0, attempts = 0, delivery = 0, due = 0 }
  count('accepted')
  count('discarded')
  journal('discarded', NO_ID, s, item.note)
  return reply(DROPPED, NO_ID, s)
end

-- What an item has that says nothing of it. In the item itself it would make a table of more than sixteen
-- fields, which costs more than all that is read here.
local PLAIN_ITEM = { __index = {
  priority = 0, key = '', order = '', dropped = false, note = '', edits = '', client = '', number = 0,
  attempts = 0, failures = 0, born = now,
} }

local function read_item(at)
  local random, reason, qreason, delay, has_due_at, due_at, ttl, size, request, source, dedup, payload_hash,
    retry, failure, rest = struct.unpack('>c5BBI6BI6I6I4Bc0Bc0Bc0Bc0Hc0I4c0', ARGV[at + I_facts])
  local item = setmetatable({
    envelope = ARGV[at + I_envelope], random = random, reason = reason, qreason = qreason, delay = delay,
    has_due_at = has_due_at, due_at = due_at, ttl = ttl, size = size, request = request, source = source,
    dedup = dedup, payload_hash = payload_hash, retry = retry, failure = failure,
  }, PLAIN_ITEM)
  if rest <= #ARGV[at + I_facts] then
    local dropped
    item.priority, item.key, item.order, dropped, item.note, item.edits, item.client, rest =
      struct.unpack('>bBc0Hc0BBc0I4c0Bc0', ARGV[at + I_facts], rest)
    item.dropped = dropped == 1
    if item.client ~= '' then item.number, rest = struct.unpack('>I8', ARGV[at + I_facts], rest) end
    -- Of its past: failed attempts, failures beside the one that it is sent with, when the first one was.
    if rest <= #ARGV[at + I_facts] then
      local first
      item.attempts, item.failures, first = struct.unpack('>HBI6', ARGV[at + I_facts], rest)
      if first > 0 then item.born = math.min(first, now) end
    end
  end
  return item
end

local NOBODY = { state = 0, reason = 0, qreason = 0, due = 0 }
if used[3] then
  return string.rep(reply(DELETING, NO_ID, NOBODY), (#ARGV - FIRST + 1) / STRIDE)
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
if #clients > 0 then numbers.read(clients) end
local replies = {}
for index, item in ipairs(items) do
  local answer = given[item.request]
  if answer then
    -- The same answer, marked: nothing has happened now, and nothing is to be counted again.
    answer = string.char(string.byte(answer) + REPEATED) .. string.sub(answer, 2)
  elseif item.client ~= '' and numbers.taken(item.client, item.number) then
    -- What became of it then is not known any more.
    answer = reply(TAKEN, NO_ID, { state = 0, reason = item.reason, qreason = 0, due = 0 })
  else
    if item.dropped then
      answer = drop(item)
    else
      local id, s = joinable(item.dedup, item.payload_hash)
      answer = id and join(id, s, item) or accept(item, #items - index + 1)
    end
    if type(answer) == 'number' then
      answer = reply(answer, NO_ID, NOBODY)
    else
      if item.client ~= '' then numbers.take(item.client, item.number) end
      if item.request ~= '' then
        remember(VERB_SEND, item.request, answer)
        given[item.request] = answer
      end
    end
  end
  replies[#replies + 1] = answer
end

if #clients > 0 then numbers.write() end
finish()
if #clients > 0 then numbers.expire() end
-- A queue that was not there: its name may have been taken off the list since it was looked up.
if not used[1] and not used[4] then replies[#replies + 1] = '\1' end
return table.concat(replies)
