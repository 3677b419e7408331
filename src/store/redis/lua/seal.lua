-- The first step of a deletion. If the queue holds as many messages as expected, and none is in flight or moves to another
-- queue, it accepts no more and hands out none. A queue that does not exist is sealed whatever is expected: an earlier
-- call may have removed it. Safe to repeat: the answer is that of the first time.
-- KEYS: queue base
-- ARGV: expected
-- Reply: layout `sealed`; with BUSY the messages in flight or moving
local used = redis.call('HMGET', k_counters, COUNTER.MESSAGES, COUNTER.DELETING_TOTAL)
local messages = tonumber(used[1] or '0')
if used[2] then return write.sealed { status = SEAL.SEALED, messages = used[2] } end
if used[1] and messages ~= expected then return write.sealed { status = SEAL.MISMATCH, messages = messages } end
-- A message that moves may be in the other queue already.
local busy = redis.call('ZCARD', k_leases) + redis.call('ZCARD', k_moving)
if busy > 0 then return write.sealed { status = SEAL.BUSY, messages = busy } end
-- Messages that arrive later were not counted: they come from a server of a version without deletions.
local sequence = redis.call('GET', k_sequence) or '0'
redis.call('HSET', k_counters, COUNTER.DELETING, sequence, COUNTER.DELETING_TOTAL, messages)
redis.call('HSET', k_meta, META.DELETING, 1)
-- In case this server dies, a tick finds the mark.
redis.call('ZADD', p_tend, 'LT', now + LIMIT.LEFT_BEHIND_MS, QUEUE)
return write.sealed { status = SEAL.SEALED, messages = messages }
