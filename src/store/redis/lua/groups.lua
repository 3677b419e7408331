-- Reads groups of a partition, and how many messages they have, some at a time. It may return one twice. Writes nothing.
-- KEYS: partition base
-- ARGV: most (of each), group_cursor, count_cursor ('0' to begin; '': none)
-- Reply: the next `group_cursor` ('': no more), layout `stored_group` for each; the next `count_cursor`, layout `group_count` for
-- each group and queue; with the first groups, layout `stored_archive` for each one that opens again by itself
local function scan(key, cursor, add)
  if cursor == '' then return '', '' end
  local page = redis.call('HSCAN', key, cursor, 'COUNT', most)
  local found = {}
  for at = 1, #page[2], 2 do found[#found + 1] = add(page[2][at], page[2][at + 1]) end
  return page[1] == '0' and '' or page[1], table.concat(found)
end

local next_group, found = scan(p_groups, group_cursor, function(digest, group)
  return write.stored_group { digest = digest, record = group }
end)
local next_count, counts = scan(p_group_counts, count_cursor, function(field, messages)
  return write.group_count { field = field, count = math.max(0, tonumber(messages) or 0) }
end)
-- There are as few as people have archived so, and most partitions have none.
local archives = {}
local stored = group_cursor == '0' and redis.pcall('HGETALL', p_group_archives) or {}
for at = 1, #stored, 2 do
  local digest, archive = stored[at], stored[at + 1]
  archives[#archives + 1] = write.stored_archive { digest = digest, archive = archive }
end
return { next_group, found, next_count, counts, table.concat(archives) }
