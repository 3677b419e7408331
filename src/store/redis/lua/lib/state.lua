-- The state of a message: one packed value (layouts `state` and `state_extra`) in the hash of its chunk.

local function u8(n) return n > 255 and 255 or n end
local function u16(n) return n > 65535 and 65535 or n end

local function has_flag(s, flag)
  return s.flags % (flag + flag) >= flag
end

local function set_flag(s, flag, on)
  if has_flag(s, flag) ~= on then s.flags = s.flags + (on and flag or -flag) end
end

local function has_mark(s, mark)
  return s.marks % (mark + mark) >= mark
end

local function pack_state(s)
  local extra = ''
  if s.priority ~= 0 or s.key ~= '' or s.order ~= '' or s.round ~= 0 or s.last_delay ~= 0
    or s.hops ~= 0 or s.move ~= '' then
    extra = write.state_extra(s)
  end
  if extra ~= '' or s.flags >= FLAG.EXTRA then set_flag(s, FLAG.EXTRA, extra ~= '') end
  local holder = s.nonce .. s.session
  local marks, group = s.marks, s.group
  -- The first version with groups reads a later mark only beside MARK.GROUP.
  if group == 0 and marks >= MARK.TIMELINE then group = GROUP.NONE end
  if group > 0 then marks, extra = marks + MARK.GROUP, extra .. write.state_group { group = group } end
  return write.state(s, { place = s.place + MARK.FIRST * marks,
    attempts = u16(s.attempts), expiries = u8(s.expiries), releases = u8(s.releases),
    unknown = u16(s.unknown), failures = u16(s.failures), holder = holder }) .. extra
end

-- The further parts of a state that has none.
local PLAIN_STATE = { __index = {
  marks = 0, group = 0, priority = 0, key = '', order = '', round = 0, last_delay = 0, hops = 0, move = '',
} }

local function unpack_state(v)
  local s, extra = record.state(v)
  s.nonce, s.session = string.sub(s.holder, 1, 16), string.sub(s.holder, 17, 32)
  setmetatable(s, PLAIN_STATE)
  if s.place >= MARK.FIRST then s.place, s.marks = s.place % MARK.FIRST, math.floor(s.place / MARK.FIRST) end
  if s.flags >= FLAG.EXTRA and has_flag(s, FLAG.EXTRA) then
    local priority, key, order, round, last_delay, hops, move, rest = read.state_extra(v, extra)
    extra = rest
    s.priority, s.key, s.order, s.round, s.last_delay, s.hops, s.move = priority, key, order, round, last_delay, hops, move
  end
  if s.marks >= MARK.GROUP and has_mark(s, MARK.GROUP) then
    s.marks = s.marks - MARK.GROUP
    -- A server that knows no groups keeps the mark and drops the number.
    if #v >= extra + 2 then
      local group = read.state_group(v, extra)
      if group ~= GROUP.NONE then s.group = group end
    end
  end
  return s
end

-- An id is a UUIDv7: 48 bits of time; the queue's 40-bit counter of arrivals around version and variant; 34 random
-- bits. So ids of one millisecond sort by arrival, and an id alone finds its chunk: LIMIT.CHUNK messages in the
-- order of their arrival. (moved_in.lua has the arrivals of messages that came from another queue.) The time is
-- that of the first failure, where it is known to be older: age and longest time count from there.
local function make_id(sequence, random, born)
  return write.id {
    born = born,
    high = 28672 + math.floor(sequence / 268435456),
    middle = 128 + math.floor(sequence / 4194304) % 64,
    low = sequence % 4194304 * 4 + string.byte(random, 5) % 4,
  } .. string.sub(random, 1, 4)
end

-- How many messages came before the one of this id, in the queue that made the id.
local function arrival_by_id(id)
  local high, middle, low = read.id(id)
  return (high - 28672) * 268435456 + (middle - 128) * 4194304 + math.floor(low / 4)
end

-- How many messages came before it in this queue.
local function arrival_of(id) return moved_in.arrival(id) or arrival_by_id(id) end

local function created_at(id)
  local born = read.id_time(id)
  return born
end

-- Chunks by number and by id: a script needs that of a message several times, and many messages share one.
local chunk_names = {}
local chunks_of_ids = {}

local function chunk_of_sequence(sequence)
  local number = math.floor(sequence / LIMIT.CHUNK)
  local name = chunk_names[number]
  if not name then
    name = string.format('%d', number)
    chunk_names[number] = name
  end
  return name
end

-- The chunk of a message that is loaded. Before that it is a guess: where the id says.
local function chunk_of(id)
  local name = chunks_of_ids[id]
  if not name then
    name = chunk_of_sequence(moved_in.arrivals[id] or arrival_by_id(id))
    chunks_of_ids[id] = name
  end
  return name
end

local state_keys = {}
local body_keys = {}

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

-- The states that this script has read or written; false: there is no such message.
local known_states = {}

-- Returns the state of a message; nil: there is no such message.
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

-- Reads fields of many messages, one command a chunk: calls `each(id, value)`; false: the message has none.
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

-- Reads the packed states of many messages: calls `each(id, v)` for those that exist.
local function fetch_states(ids, each)
  local missing = {}
  fetch(k_states, ids, function(id, v)
    if v then each(id, v) else missing[#missing + 1] = id end
  end)
  if #missing == 0 then return end
  local found = moved_in.among(missing)
  for _, id in ipairs(found) do chunks_of_ids[id] = nil end
  fetch(k_states, found, function(id, v)
    if v then each(id, v) end
  end)
end

-- Reads ahead the states that load_state will return.
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
