-- Finds the groups of a partition whose digests begin in one of some ways. Writes nothing.
-- KEYS: partition base
-- ARGV: items: prefix (8 bytes)
-- Reply: layout `group_number` for each: their numbers
local wanted, replies = {}, {}
for at = FIRST, #ARGV do wanted[ARGV[at]] = true end
for _, digest in ipairs(redis.call('HKEYS', p_groups)) do
  if wanted[string.sub(digest, 1, 8)] then
    local v = redis.call('HGET', p_groups, digest)
    if #v >= GROUP.BYTES then
      local number = read.group(v)
      replies[#replies + 1] = write.group_number { number = number }
    end
  end
end
return table.concat(replies)
