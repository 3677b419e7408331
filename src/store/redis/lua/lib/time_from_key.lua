-- The store's clock, set by hand: for tests that decide what time it is.
local now = tonumber(redis.call('GET', PREFIX .. ':clock') or '0')
