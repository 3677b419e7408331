-- Where scheduled messages wait, as claims look for them: a message of no lane by itself, by due time.

local function head_score(key)
  local head = redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')
  return head[2] and tonumber(head[2]) or nil
end

local function waiting_index(s)
  if s.place == PLACE_ISOLATED then return k_isolated end
  return of_priority(k_due, s.priority)
end

-- By index: the earliest due time among what this script schedules, and that of the head before.
-- Apart, because a suspect that waits for an idle session must not hide what others could take.
local earliest_due, head_before = {}, {}

local function note_due(index, due)
  if not head_before[index] then head_before[index] = head_score(index) or math.huge end
  earliest_due[index] = math.min(due, earliest_due[index] or math.huge)
end

-- Wakes the pumps, if something is now due before all that was there. Only a hint: pumps also
-- look by themselves.
local function flush_wake()
  for index, due in pairs(earliest_due) do
    if due < head_before[index] then lanes.wake = true end
  end
  -- A user without rights on channels loses the hint, not the script.
  if lanes.wake then redis.pcall('PUBLISH', PREFIX .. ':wake', QUEUE) end
end

-- In no lane, and yet not in `due`.
local function is_laned(s) return s.priority ~= 0 and s.place == PLACE_DUE end

-- Suspects are in no lane: they are few, and each is looked at by itself.
local function lane_of_waiting(s)
  return s.place == PLACE_DUE and lane_of(s) or nil
end

local function enter_index(id, s)
  local lane = lane_of_waiting(s)
  if s.priority ~= 0 then list_priority(s.priority) end
  if lane then return lanes.add(lane, id, s.due) end
  local index = waiting_index(s)
  note_due(index, s.due)
  rank(index, id, s.due)
  if is_laned(s) then lanes.list(id, s.due) end
end

local function leave_index(id, s)
  if has_flag(s, FLAG_WAITING) then
    set_flag(s, FLAG_WAITING, false)
    rank(k_laned, id, false)
    return
  end
  local lane = lane_of_waiting(s)
  if lane then return lanes.remove(lane, id) end
  rank(waiting_index(s), id, false)
  if is_laned(s) then rank(k_laned, id, false) end
end
