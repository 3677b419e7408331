-- Returns in how many milliseconds claims may find something in queues of a partition.
-- KEYS: partition base
-- ARGV: items: queue
-- Reply: a number for each; -1: nothing waits there
local ready = redis.call('ZMSCORE', p_ready, unpack(ARGV, FIRST))
local isolated = redis.call('ZMSCORE', p_isolated, unpack(ARGV, FIRST))
local reply = {}
for index = 1, #ready do
  local at = math.min(tonumber(ready[index] or 'inf'), tonumber(isolated[index] or 'inf'))
  reply[index] = at < math.huge and math.ceil(math.max(0, at - now)) or -1
end
return reply
