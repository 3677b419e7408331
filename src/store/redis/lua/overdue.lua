-- Finds the queues of a partition that need a tick, and notes that a server has looked.
-- KEYS: partition base
-- ARGV: late (milliseconds after which a queue is overdue for this server), most (queues)
-- Reply: milliseconds until the first queue needs a tick (-1: none does), then the names of overdue queues
local first = redis.call('ZRANGE', p_tend, 0, 0, 'WITHSCORES')[2]
if not first then return { -1 } end
tending.note()
local reply = redis.call('ZRANGEBYSCORE', p_tend, '-inf', now - late, 'LIMIT', 0, most)
table.insert(reply, 1, math.ceil(math.max(0, tonumber(first) - now)))
return reply
