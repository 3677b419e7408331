-- Forgets groups of a partition that have not changed since they were read: nothing has failed or come since.
-- KEYS: partition base
-- ARGV: idle (how long ago their last failure must be); items: digest, group (as it was read: layouts `group` and `group_latest`)
-- Reply: how many
local dropped = 0
for at = FIRST, #ARGV, STRIDE do
  local digest, seen = ARGV[at + I_digest], ARGV[at + I_group]
  local number, last = read.group(seen)
  if last <= now - idle and redis.call('HGET', p_groups, digest) == seen then
    redis.call('HDEL', p_groups, digest)
    redis.call('HDEL', p_group_digests, string.format('%d', number))
    redis.call('HDEL', p_group_descriptions, digest)
    redis.call('HDEL', p_group_notes, digest)
    redis.call('HDEL', p_group_archives, digest)
    redis.call('HDEL', p_group_links, digest)
    dropped = dropped + 1
  end
end
return dropped
