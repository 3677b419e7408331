-- Lists the breakers that are not closed, first the one that opened first. Writes nothing.
-- KEYS: queue base
-- ARGV: limit (how many at most)
-- Reply: `open_breaker` for each
local replies = {}
for _, key in ipairs(redis.call('ZRANGE', k_breakers, 0, limit - 1)) do
  local b = breakers.of(key)
  -- An unused one has expired since, and counts as closed.
  if b.state ~= BREAKER.CLOSED then
    replies[#replies + 1] = write.open_breaker(b, { retry_at = b.state == BREAKER.OPEN and b.retry_at or 0, key = key })
  end
end
return table.concat(replies)
