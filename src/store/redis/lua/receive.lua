-- Takes messages in that come from another queue, or refuses them. What was decided of a move is
-- remembered for days, by message and delivery (each move follows another delivery): a repeat hears the
-- same, and changes nothing, also when the message has long been processed or moved on.
local RECEIVED, FULL_MESSAGES, FULL_BYTES, DELETING = 1, 2, 3, 4
local DAY_MS, DAYS = 86400000, 7

local items, marks = {}, {}
for at = FIRST, #ARGV, STRIDE do
  local id, delivery, key, order = struct.unpack('>c16I4Bc0Hc0', ARGV[at + I_facts])
  local mark = struct.pack('>c16I4', id, delivery)
  items[#items + 1] = { id = id, delivery = delivery, key = key, order = order, mark = mark, at = at }
  marks[#marks + 1] = mark
end

local today = math.floor(now / DAY_MS)
local function arrived_of(day) return k_arrived .. string.format('%d', day) end
local is_new_day = redis.call('EXISTS', arrived_of(today)) == 0

local decided = {}
for back = 0, DAYS do
  local key = arrived_of(today - back)
  if #marks > 0 and redis.call('EXISTS', key) == 1 then
    for index, v in ipairs(redis.call('HMGET', key, unpack(marks))) do
      if v then decided[marks[index]] = string.byte(v) end
    end
  end
end

local used = redis.call('HMGET', k_counters, 'messages', 'bytes', 'deleting')
local messages, bytes = tonumber(used[1] or 0), tonumber(used[2] or 0)

local function refusal(s)
  if refuse > 0 then return refuse end
  if used[3] then return DELETING end
  if max_messages > 0 and messages + 1 > max_messages then return FULL_MESSAGES end
  if max_bytes > 0 and bytes + s.size > max_bytes then return FULL_BYTES end
  return nil
end

local function take_in(item, s)
  local id = item.id
  local before = load_state(id)
  if before then
    if before.place ~= PLACE_MOVING or before.delivery >= item.delivery then
      -- A defect, and no reason to have it twice.
      count('healed')
      return
    end
    -- It has moved away since, and the server that moved it has not told: that copy is history.
    depart(id, before)
  end
  -- Where it was looked for is not where it will be.
  chunks_of_ids[id] = nil
  moved_in.add(id, redis.call('INCR', k_sequence))
  local chunk = chunk_of(id)
  put(bodies_of(chunk), id, ARGV[item.at + I_envelope])
  rank(k_chunks, chunk, chunk)
  local history = ARGV[item.at + I_history]
  if history ~= '' then put(k_failures .. chunk, id, history) end
  local edits = ARGV[item.at + I_edits]
  if edits ~= '' then put(k_edits .. chunk, id, edits) end
  local qreason = string.byte(s.move)
  s.hops, s.move, s.place, s.key, s.order = u8(s.hops + 1), '', PLACE_DUE, item.key, item.order
  set_flag(s, FLAG_HISTORY, history ~= '')
  set_flag(s, FLAG_EDITED, edits ~= '')
  set_flag(s, FLAG_BUDGETED, false)
  if qreason > 0 then quarantine(id, s, qreason) else schedule(id, s, s.due) end
  messages, bytes = messages + 1, bytes + s.size
  count('messages')
  count('bytes', s.size)
  count('moved_in')
  journal('moved_in', id, s, from)
end

local replies = {}
for index, item in ipairs(items) do
  local status = decided[item.mark]
  if not status then
    local s = unpack_state(ARGV[item.at + I_state])
    status = refusal(s) or RECEIVED
    if status == RECEIVED then take_in(item, s) end
    decided[item.mark] = status
    put(arrived_of(today), item.mark, string.char(status))
  end
  replies[index] = string.char(status)
end
finish()
if is_new_day then redis.call('PEXPIRE', arrived_of(today), (DAYS + 1) * DAY_MS) end
-- A queue that was not there: its name may have been taken off the list since it was looked up.
if not used[1] and messages > 0 then replies[#replies + 1] = '\1' end
return table.concat(replies)
