-- Reads the groups of a partition. Writes nothing.
-- KEYS: partition base
-- ARGV: none
-- Reply: digests and layout `group`, alternating; then layout `group_count` with the queue behind it, and how many messages
-- the group has there, alternating
return { redis.call('HGETALL', p_groups), redis.call('HGETALL', p_group_counts) }
