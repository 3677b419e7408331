-- The breakers that are not closed, those first that have been so for longest. Reads only.
local replies = {}
for _, key in ipairs(redis.call('ZRANGE', k_breakers, 0, most - 1)) do
  local b = breakers.of(key)
  -- One that nothing has moved for long is forgotten, and closed.
  if b.state ~= CLOSED then
    replies[#replies + 1] = struct.pack('>BI6I6HBc0', b.state, b.first, b.state == OPEN and b.till or 0, b.times,
      #key, key)
  end
end
return table.concat(replies)
