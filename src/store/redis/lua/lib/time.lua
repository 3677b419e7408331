-- The store's clock, in milliseconds. Scripts use no other time.
local function read_clock()
  local t = redis.call('TIME')
  return t[1] * 1000 + math.floor(t[2] / 1000)
end
local now = read_clock()
