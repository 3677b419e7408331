-- Walks over sorted sets, page by page. A page begins behind the last entry of the one before: ranks would shift when entries
-- leave or come, so that others are skipped or met twice.

local function is_behind(id, other)
  for at = 1, #other do
    local here, there = string.byte(id, at), string.byte(other, at)
    if here ~= there then return here > there end
  end
  return false
end

-- Returns up to `page` entries behind this one (layout `entry`), as ids and scores in turn. Empty: from the start. Entries of one
-- score are in the order of their bytes. Ends of leases may have half a millisecond.
local function entries_after(index, after, page)
  local first = 0
  if after ~= '' then
    local score, id = read.entry(after)
    local at = string.format('%.17g', score)
    first = redis.call('ZCOUNT', index, '-inf', '(' .. at)
    local last = redis.call('ZCOUNT', index, '-inf', at)
    while first < last do
      local middle = math.floor((first + last) / 2)
      if is_behind(redis.call('ZRANGE', index, middle, middle)[1], id) then last = middle else first = middle + 1 end
    end
  end
  return redis.call('ZRANGE', index, first, first + page - 1, 'WITHSCORES')
end
