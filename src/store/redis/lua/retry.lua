-- Makes messages due now, by id, and edits them first if their item says so. With a filter the first call writes nothing
-- unless all items match it and it matches as many messages as expected; later calls skip items that have left it or changed
-- their state. No call writes anything if an item was decided on another version of its message. Messages that move to
-- another queue match a filter, since they are counted, and are refused.
-- KEYS: queue base
-- ARGV: expected (how many match the filter), wanted (how many of them are items), started (when the first call by the
-- filter took effect; 0: this is the first), history_changed (as in tick.lua), outbox_max_bytes, request, cells (counter fields
-- of the filter, as in find.lua; '': no filter), remains (layout `retry_rest`; '': nothing does), caller ('': unknown),
-- delivery_settings; items: item (an id; or id, layout `retry_decision`, and edits or a reason)
-- Reply: layout `retry_reply`; after DONE a number of RETRIED for each item; after REFUSED layout `refused_retry`, after
-- BUSY_NAMED the id, after REST layout `retry_rest`
local answer = answered(VERB_RETRY, request)
if answer then return answer end

local function read_item(arg)
  local item = { id = string.sub(arg, 1, 16) }
  if #arg > 16 then
    local status, version, rest = read.retry_decision(arg, 17)
    item.version = version
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

-- When the first call took effect; in the first call: now. If the newest quarantine is later than now (the clock stepped
-- back), that time, so that later calls select it too.
local began = math.max(now, started)

local total = 0
local function nothing_done(status) return write.retry_reply { status = status, number = total } end

if cells ~= '' then
  local set, selected = cell_set(cells), {}
  for _, item in ipairs(items) do
    local s = load_state(item.id)
    if s and is_selected(s, set, started) then selected[#selected + 1] = item end
  end
  if started == 0 then
    for cell in pairs(set) do total = total + tonumber(redis.call('HGET', k_counters, cell) or '0') end
    if total ~= expected then return nothing_done(RETRY.MISMATCH) end
    if #items ~= wanted or #selected ~= wanted then return nothing_done(RETRY.CHANGED) end
    -- Of scheduled messages only `since` says that they changed after the retry, so it must not be later.
    if not string.find(cells, COUNTER.CELL .. STATE.SCHEDULED, 1, true) then
      local latest = redis.call('ZRANGE', k_quarantine, -1, -1, 'WITHSCORES')[2]
      if latest then began = math.max(began, tonumber(latest)) end
    end
  end
  items = selected
end

for _, item in ipairs(items) do
  local s = load_state(item.id)
  -- A message that is busy now is refused in any case, and one that was busy then stays refused.
  local matters = s and not is_busy(s) and item.version and item.status ~= RETRIED.BUSY
  if matters and s.version ~= item.version then return nothing_done(RETRY.CHANGED) end
end

-- 1 ms after the start, so that later calls skip these messages but not others of the same millisecond.
local changed_at = remains ~= '' and began + 1 or now

local function retry(item)
  local id, s = item.id, load_state(item.id)
  if not s then return RETRIED.MISSING end
  if is_busy(s) then return RETRIED.BUSY end
  if item.status then return item.status end
  -- A batch job may wait for the outcome of the message as it was.
  if item.edits and s.marks >= MARK.CANARY then canary.leave(id, s) end
  make_due(id, s, changed_at, caller, '', item.edits)
  if remains ~= '' then
    s.since = changed_at
    save_state(id, s)
  end
  add_change(CHANGE.RETRIED, id, s, by_person(caller))
  return RETRIED.RETRIED
end

local last_why
local changed = false
local replies = { write.retry_reply { status = RETRY.DONE, number = began } }
for _, item in ipairs(items) do
  local status = retry(item)
  changed = changed or status == RETRIED.RETRIED
  -- With a filter the caller has no ids, and a repeated request may come without them.
  local why = ''
  if status == RETRIED.BUSY and cells ~= '' then status, why = RETRIED.BUSY_NAMED, item.id end
  if status == RETRIED.REFUSED then
    local is_same = item.why == last_why
    last_why = item.why
    if is_same then item.why = '' end
    why = write.refused_retry(item)
  end
  replies[#replies + 1] = write.retried { status = status } .. why
end
if remains ~= '' then replies[#replies + 1] = write.retried { status = RETRIED.REST } .. remains end
answer = table.concat(replies)
remember_in_queue(VERB_RETRY, request, answer, changed)
finish()
return answer
