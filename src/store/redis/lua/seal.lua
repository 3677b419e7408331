-- The first step of a deletion: if the queue holds as many messages as expected, and none is in flight or
-- on its way to another queue, it takes no more and hands out none. Of a queue that is not there nothing is
-- expected: it may be gone by an earlier call. Safe to repeat: the answer is that of the first time.
local SEALED, MISMATCH, BUSY = 0, 1, 2

local used = redis.call('HMGET', k_counters, 'messages', 'deleting_total')
local messages = tonumber(used[1] or '0')
if used[2] then return struct.pack('>BI6', SEALED, used[2]) end
if used[1] and messages ~= expected then return struct.pack('>BI6', MISMATCH, messages) end
-- What is on its way to another queue may be there already.
local leased = redis.call('ZCARD', k_leases) + redis.call('ZCARD', k_moving)
if leased > 0 then return struct.pack('>BI6', BUSY, leased) end
-- What arrives later, by a server that knows of no deletions, is not what was counted here.
local arrivals = redis.call('GET', k_sequence) or '0'
redis.call('HSET', k_counters, 'deleting', arrivals, 'deleting_total', messages)
redis.call('HSET', k_meta, 'deleting', 1)
return struct.pack('>BI6', SEALED, messages)
