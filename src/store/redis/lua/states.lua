-- Reads the states of messages of `chunks` chunks, in order of their numbers from `from` on: of all, or of those with one of
-- some values. Messages of the chunk `from` up to the id `after` are left out. Writes nothing.
-- KEYS: queue base
-- ARGV: from, chunks, descending (1: from `from` down), after, states, reasons, qreasons (a byte for each that is selected; '': all),
-- group_numbers (three bytes for each number that is selected; '': all)
-- Reply: layout `statesPage`; then for each chunk with such messages its number, and ids and states, alternating
-- So many selected messages end a page.
local SELECTED_MAX = 1000

local function set_of(text, size)
  if text == '' then return nil end
  local set = {}
  for at = 1, #text, size do set[string.sub(text, at, at + size - 1)] = true end
  return set
end

local in_states, in_reasons, in_qreasons = set_of(states, 1), set_of(reasons, 1), set_of(qreasons, 1)
local in_groups = set_of(group_numbers, 3)

-- Looks at single bytes of the packed state (layout `state`): to unpack it costs ten times that. The group is its end.
local function fits(v)
  if in_states and not in_states[string.sub(v, 1, 1)] then return false end
  if in_reasons and not in_reasons[string.sub(v, 4, 4)] then return false end
  if in_qreasons and not in_qreasons[string.sub(v, 5, 5)] then return false end
  if not in_groups then return true end
  local marks = math.floor(string.byte(v, 2) / MARK.FIRST)
  return marks % (MARK.GROUP + MARK.GROUP) >= MARK.GROUP and in_groups[string.sub(v, -3)] == true
end

-- Returns the entries for which `takes(id, state)` is true.
local function select_from(entries, takes)
  local found = {}
  for at = 1, #entries, 2 do
    if takes(entries[at], entries[at + 1]) then
      found[#found + 1], found[#found + 2] = entries[at], entries[at + 1]
    end
  end
  return found
end

local function comes_behind(id)
  if descending == 1 then return id < after end
  return id > after
end

local numbers = descending == 1
  and redis.call('ZREVRANGEBYSCORE', k_chunks, from, '-inf', 'LIMIT', 0, chunks + 1)
  or redis.call('ZRANGEBYSCORE', k_chunks, from, '+inf', 'LIMIT', 0, chunks + 1)
local selects = in_states or in_reasons or in_qreasons or in_groups
local replies, examined, last, selected, looked = {}, 0, 0, 0, 0
for at = 1, math.min(#numbers, chunks) do
  if selects and selected >= SELECTED_MAX then break end
  local entries = redis.call('HGETALL', states_of(numbers[at]))
  if after ~= '' and tonumber(numbers[at]) == from then entries = select_from(entries, comes_behind) end
  examined, last = examined + #entries / 2, tonumber(numbers[at])
  local found = selects and select_from(entries, function(_, v) return fits(v) end) or entries
  looked, selected = at, selected + #found / 2
  if #found > 0 then
    replies[#replies + 1] = numbers[at]
    replies[#replies + 1] = found
  end
end
table.insert(replies, 1, write.states_page { now = now, more = #numbers > looked and 1 or 0, examined = examined, last = last })
return replies
