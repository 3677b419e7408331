-- Walks over sorted sets, page by page. A page begins behind the last entry of the one before: ranks would shift when entries
-- leave or come, so that others are skipped or met twice.

local function is_behind(id, other)
  for at = 1, #other do
    local here, there = string.byte(id, at), string.byte(other, at)
    if here ~= there then return here > there end
  end
  return false
end

-- Returns how many entries are before this one (layout `entry`); with `inclusive`, up to it.
local function count_before(index, place, inclusive)
  local score, id = read.entry(place)
  local at = string.format('%.17g', score)
  local first = redis.call('ZCOUNT', index, '-inf', '(' .. at)
  local last = redis.call('ZCOUNT', index, '-inf', at)
  while first < last do
    local middle = math.floor((first + last) / 2)
    local other = redis.call('ZRANGE', index, middle, middle)[1]
    local is_past = inclusive and is_behind(other, id) or not inclusive and not is_behind(id, other)
    if is_past then last = middle else first = middle + 1 end
  end
  return first
end

-- Returns up to `page` entries behind this one (layout `entry`), as ids and scores in turn. Empty: from the start. Entries of one
-- score are in the order of their bytes. Ends of leases may have half a millisecond.
local function entries_after(index, after, page)
  local first = after ~= '' and count_before(index, after, true) or 0
  return redis.call('ZRANGE', index, first, first + page - 1, 'WITHSCORES')
end
