-- Makes messages due now, by id, and edits them before where an item says so. With a filter, all of them
-- must match it and be all that match; else nothing is written and the answer begins with the count that
-- does match. What is on its way to another queue matches, as it is counted, and is refused. Nor is anything written if an item was decided on another version of its message.
local RETRIED, MISSING, BUSY, REFUSED, BUSY_NAMED = 0, 1, 2, 3, 4
local DONE, MISMATCH, MOVED = 0, 1, 2

local answer = answered(VERB_RETRY, request)
if answer then return answer end

-- An item is an id. Behind it, if there is more to say: B 0 to edit it, or the status that it is refused
-- with; H the version that this was decided on; then the edits, or why it is refused.
local function read_item(arg)
  local item = { id = string.sub(arg, 1, 16) }
  if #arg > 16 then
    local status, rest
    status, item.version, rest = struct.unpack('>BH', arg, 17)
    if status == 0 then item.edits = string.sub(arg, rest) end
    if status > 0 then item.status, item.why = status, string.sub(arg, rest) end
  end
  return item
end

local items, ids = {}, {}
for at = FIRST, #ARGV do
  local item = read_item(ARGV[at])
  items[#items + 1], ids[#ids + 1] = item, item.id
end
load_states(ids)

-- `cells` holds the counter fields that the filter covers, e.g. 'c:3:11:2', one behind another.
local function matching()
  local total, wanted = 0, {}
  for cell in string.gmatch(cells, '[^ ]+') do
    wanted[cell] = true
    total = total + tonumber(redis.call('HGET', k_counters, cell) or '0')
  end
  return total, wanted
end

local total = 0
if cells ~= '' then
  local wanted
  total, wanted = matching()
  if total ~= expected then return struct.pack('>BI6', MISMATCH, total) end
  if #items ~= expected then return struct.pack('>BI6', MOVED, total) end
  for _, id in ipairs(ids) do
    local s = load_state(id)
    if not s or not wanted['c:' .. s.state .. ':' .. s.reason .. ':' .. s.qreason] then
      return struct.pack('>BI6', MOVED, total)
    end
  end
end

-- On its way to another queue a message is neither here nor there.
local function is_busy(s) return s.state == IN_FLIGHT or s.place == PLACE_MOVING end

for _, item in ipairs(items) do
  local s = load_state(item.id)
  -- What is busy now is refused whatever was decided, and what was busy then stays refused.
  local matters = s and not is_busy(s) and item.version and item.status ~= BUSY
  if matters and s.version ~= item.version then return struct.pack('>BI6', MOVED, total) end
end

local function retry(item)
  local id, s = item.id, load_state(item.id)
  if not s then return MISSING end
  if is_busy(s) then return BUSY end
  if item.status then return item.status end
  leave(id, s)
  if s.state == QUARANTINED then
    -- A new round: what happened before stays in its history.
    s.attempts, s.expiries, s.releases, s.place = 0, 0, 0, PLACE_DUE
    s.round, s.last_delay = now, 0
    set_flag(s, FLAG_POISONED, false)
    forget_lease(s)
    if s.source ~= '' then sources.forget(s.source) end
    if s.expire > 0 then s.expire = now + s.ttl * 1000 end
  end
  if item.edits then edit(id, s, item.edits) end
  schedule(id, s, now)
  journal('retried', id, s)
  return RETRIED
end

local replies = { struct.pack('>BI6', DONE, now) }
for _, item in ipairs(items) do
  local status = retry(item)
  -- Whoever gave a filter, and whoever repeats the request, has no ids to look it up by.
  local why = ''
  if status == BUSY and cells ~= '' then status, why = BUSY_NAMED, item.id end
  if status == REFUSED then why = struct.pack('>c16Bc0', item.id, #item.why, item.why) end
  replies[#replies + 1] = struct.pack('>B', status) .. why
end
answer = table.concat(replies)
remember(VERB_RETRY, request, answer)
finish()
return answer
