-- Reads all groups of a partition, and how many messages they have. Writes nothing.
-- KEYS: partition base
-- ARGV: none
-- Reply: layout `stored_group` for each; layout `group_size` for each group and queue
local records, counts = redis.call('HGETALL', p_groups), redis.call('HGETALL', p_group_counts)
local found, sizes = {}, {}
for at = 1, #records, 2 do
  local digest, group = records[at], records[at + 1]
  found[#found + 1] = write.stored_group { digest = digest, record = group }
end
for at = 1, #counts, 2 do
  local field = counts[at]
  sizes[#sizes + 1] = write.group_size { field = field, count = tonumber(counts[at + 1]) }
end
return { table.concat(found), table.concat(sizes) }
