-- The small mutable part of a message: one packed value a message, in the hash of its chunk.
-- Layout (big-endian). Appending a field needs a new storage version.
--   B state   B place   B flags   B reason   B qreason   H version
--   H attempts   B expiries   B releases   H unknown   H failures   I4 delivery   I4 size
--   I6 due   I6 expire (0: never)   I4 ttl (seconds)   I6 since   I4 lease (ms)
--   then three strings behind their length: lease (B, nonce 16 + session 16), source (B), retry (H).
--   With FLAG_EXTRA, what few messages have: b priority   B key_queue key   H ordering key (each string
--   behind its length)   I6 round (when its round of attempts began, 0: at its arrival)   I6 last delay
--   B hops (moves by rules so far)   where it moves to, behind its length (B): B quarantine reason there,
--   B and I6 the quarantine reason or the due time here if it is refused there, then the queue.
-- A message that was never leased stays within 64 bytes, so that its chunk stays a listpack.
local EXTRA_FORMAT = '>bBc0Hc0I6I6BBc0'
local STATE_FORMAT = '>BBBBBHHBBHHI4I4I6I6I4I6I4Bc0Bc0Hc0'

local SCHEDULED, IN_FLIGHT, QUARANTINED = 1, 2, 3
-- Where a scheduled message waits: the common due set, or the key_queue of those that are only ever
-- delivered with nothing else in flight on their stream; or, on its way to another queue, nowhere that
-- claims look at.
local PLACE_DUE, PLACE_ISOLATED, PLACE_MOVING = 0, 1, 2
-- A failure joined it while it was in flight: it reschedules even if the attempt succeeds.
local FLAG_REJOINED = 1
-- Its source was sent too often: the next verdict is quarantine.
local FLAG_POISONED = 2
-- Its latest failure is the last of its history, not the envelope's.
local FLAG_HISTORY = 4
-- The packed state has a second part.
local FLAG_EXTRA = 8
-- In flight to try whether a half-open breaker may close.
local FLAG_PROBE = 16
-- Waits in a key_queue of retries, which the retry budget may close.
local FLAG_BUDGETED = 32
-- Waits behind another message of its ordering key, in no index that claims look at.
local FLAG_WAITING = 64
-- Its payload or attributes have been edited; `edits` has them as they are now. The largest flag there is.
local FLAG_EDITED = 128

local function u8(n) return n > 255 and 255 or n end
local function u16(n) return n > 65535 and 65535 or n end

local function has_flag(s, flag)
  return s.flags % (flag + flag) >= flag
end

local function set_flag(s, flag, on)
  if has_flag(s, flag) ~= on then s.flags = s.flags + (on and flag or -flag) end
end

local function pack_state(s)
  local extra = ''
  if s.priority ~= 0 or s.key ~= '' or s.order ~= '' or s.round ~= 0 or s.last_delay ~= 0
    or s.hops ~= 0 or s.move ~= '' then
    extra = struct.pack(EXTRA_FORMAT, s.priority, #s.key, s.key, #s.order, s.order, s.round, s.last_delay, s.hops,
      #s.move, s.move)
  end
  if extra ~= '' or s.flags >= FLAG_EXTRA then set_flag(s, FLAG_EXTRA, extra ~= '') end
  return struct.pack(STATE_FORMAT, s.state, s.place, s.flags, s.reason, s.qreason, s.version,
      u16(s.attempts), u8(s.expiries), u8(s.releases), u16(s.unknown), u16(s.failures),
      s.delivery, s.size, s.due, s.expire, s.ttl, s.since, s.lease,
      #s.nonce + #s.session, s.nonce .. s.session, #s.source, s.source, #s.retry, s.retry) .. extra
end

-- The second part of a state that has none.
local PLAIN_STATE = { __index = { priority = 0, key = '', order = '', round = 0, last_delay = 0, hops = 0, move = '' } }

local function unpack_state(v)
  local state, place, flags, reason, qreason, version, attempts, expiries, releases, unknown, failures,
    delivery, size, due, expire, ttl, since, lease, held, source, retry, extra = struct.unpack(STATE_FORMAT, v)
  local s = setmetatable({
    state = state, place = place, flags = flags, reason = reason, qreason = qreason, version = version,
    attempts = attempts, expiries = expiries, releases = releases, unknown = unknown, failures = failures,
    delivery = delivery, size = size, due = due, expire = expire, ttl = ttl, since = since, lease = lease,
    nonce = string.sub(held, 1, 16), session = string.sub(held, 17, 32), source = source, retry = retry,
  }, PLAIN_STATE)
  if flags >= FLAG_EXTRA and flags % (FLAG_EXTRA + FLAG_EXTRA) >= FLAG_EXTRA then
    s.priority, s.key, s.order, s.round, s.last_delay, s.hops, s.move = struct.unpack(EXTRA_FORMAT, v, extra)
  end
  return s
end

-- An id is a UUIDv7: 48 bits of time, then, around version and variant, the queue's 40-bit counter
-- of arrivals, then 34 random bits. So ids of one millisecond sort by arrival, and an id alone
-- finds its place: 128 messages in the order of their arrival share a chunk. (Of a message that came from
-- another queue lib/moved_in.lua says which arrival it was.) The time is that of the message's first failure,
-- where it is known to be older: age and longest time count from there.
local function make_id(sequence, random, born)
  local low = sequence % 4194304
  return struct.pack('>I6HBI3', born, 28672 + math.floor(sequence / 268435456),
    128 + math.floor(sequence / 4194304) % 64, low * 4 + string.byte(random, 5) % 4)
    .. string.sub(random, 1, 4)
end

-- By number and by id: a script asks several times for each message, and few chunks are many
-- messages.
local chunk_names, chunks_of_ids = {}, {}

local function chunk_of_sequence(sequence)
  local number = math.floor(sequence / 128)
  local name = chunk_names[number]
  if not name then
    name = string.format('%d', number)
    chunk_names[number] = name
  end
  return name
end

-- How many messages came before the one of this id, in the queue that made it.
local function arrival_by_id(id)
  local high, middle, low = struct.unpack('>HBI3', id, 7)
  return (high - 28672) * 268435456 + (middle - 128) * 4194304 + math.floor(low / 4)
end

-- How many came before here.
local function arrival_of(id) return moved_in.arrival(id) or arrival_by_id(id) end

-- Of a message that has been loaded. Before that it is a guess: where the id says.
local function chunk_of(id)
  local name = chunks_of_ids[id]
  if not name then
    name = chunk_of_sequence(moved_in.arrivals[id] or arrival_by_id(id))
    chunks_of_ids[id] = name
  end
  return name
end

local state_keys, body_keys = {}, {}

local function states_of(chunk)
  local key = state_keys[chunk]
  if not key then
    key = k_states .. chunk
    state_keys[chunk] = key
  end
  return key
end

local function bodies_of(chunk)
  local key = body_keys[chunk]
  if not key then
    key = k_bodies .. chunk
    body_keys[chunk] = key
  end
  return key
end

local function created_at(id)
  return (struct.unpack('>I6', id))
end

-- The states that this script has read or written; false: no such message.
local known_states = {}

local function load_state(id)
  local s = known_states[id]
  if s == nil then
    local v = redis.call('HGET', states_of(chunk_of(id)), id)
    if not v and moved_in.arrival(id) then
      chunks_of_ids[id] = nil
      v = redis.call('HGET', states_of(chunk_of(id)), id)
    end
    s = v and unpack_state(v) or false
    known_states[id] = s
  end
  return s or nil
end

-- The fields of many messages, one command a chunk: `each(id, value)`, value false if there is none.
local function fetch(family, ids, each)
  local by_chunk = {}
  for _, id in ipairs(ids) do
    local chunk = chunk_of(id)
    local own = by_chunk[chunk]
    if own then own[#own + 1] = id else by_chunk[chunk] = { id } end
  end
  for chunk, own in pairs(by_chunk) do
    local values = redis.call('HMGET', family .. chunk, unpack(own))
    for index, id in ipairs(own) do each(id, values[index]) end
  end
end

-- The packed states of many messages: `each(id, v)` of those that are there.
local function fetch_states(ids, each)
  local elsewhere = {}
  fetch(k_states, ids, function(id, v)
    if v then each(id, v) else elsewhere[#elsewhere + 1] = id end
  end)
  if #elsewhere == 0 then return end
  local here = moved_in.among(elsewhere)
  for _, id in ipairs(here) do chunks_of_ids[id] = nil end
  fetch(k_states, here, function(id, v)
    if v then each(id, v) end
  end)
end

-- Reads ahead what load_state will be asked for.
local function load_states(ids)
  fetch_states(ids, function(id, v)
    if known_states[id] == nil then known_states[id] = unpack_state(v) end
  end)
end

local function save_state(id, s)
  s.version = (s.version + 1) % 65536
  known_states[id] = s
  put(states_of(chunk_of(id)), id, pack_state(s))
end
