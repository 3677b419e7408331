-- The tick of a queue fails: it is overdue again later.
-- KEYS: queue base
-- ARGV: by (milliseconds)
-- Reply: none
redis.call('ZADD', p_tend, 'XX', 'GT', now + by, QUEUE)
