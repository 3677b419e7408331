-- Sets the status of a group of a partition, and the note of who did it. A failure after that counts as a regression.
-- KEYS: partition base
-- ARGV: status, digest, note
-- Reply: 1; 0: there is no such group here
local v = redis.call('HGET', p_groups, digest)
if not v or #v < GROUP.BYTES then return 0 end
local group, rest = record.group(v)
group.status, group.changed, group.regressed = status, now, 0
redis.call('HSET', p_groups, digest, write.group(group) .. string.sub(v, rest))
redis.call('HSET', p_group_notes, digest, note)
return 1
