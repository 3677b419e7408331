-- Reads the digests of groups of a partition. Writes nothing.
-- KEYS: partition base
-- ARGV: items: number
-- Reply: digest for each; '': there is no such group
local digests = redis.call('HMGET', p_group_digests, unpack(ARGV, FIRST))
for index, digest in ipairs(digests) do digests[index] = digest or '' end
return digests
