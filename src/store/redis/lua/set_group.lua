-- Sets the status of a group of a partition, the note of who did it, and its link. A failure of a resolved group after that counts
-- as a regression.
-- KEYS: partition base
-- ARGV: status, until_time, until_count (when an archived group opens again by itself; 0: never), keep_link, digest, note,
-- link ('': none)
-- Reply: 1; 0: there is no such group here
local v = redis.call('HGET', p_groups, digest)
if not v or #v < GROUP.BYTES then return 0 end
local group, rest = record.group(v)
group.status, group.changed, group.regressed = status, now, 0
redis.call('HSET', p_groups, digest, write.group(group) .. string.sub(v, rest))
redis.call('HSET', p_group_notes, digest, note)
if status == GROUP.ARCHIVED and (until_time > 0 or until_count > 0) then
  redis.call('HSET', p_group_archives, digest, write.group_archive { changed = now, ends = until_time, count = until_count,
    total = group.total })
else
  redis.call('HDEL', p_group_archives, digest)
end
if keep_link == 0 and link == '' then redis.call('HDEL', p_group_links, digest) end
if keep_link == 0 and link ~= '' then redis.call('HSET', p_group_links, digest, link) end
return 1
