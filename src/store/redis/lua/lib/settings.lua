-- The delivery settings of the queue: what may block its messages. nil: nothing does.
local function read_settings(packed)
  if packed == '' then return nil end
  local r = record.delivery_settings(packed)
  return r
end

local settings = read_settings(delivery_settings)
local has_breakers = settings ~= nil and settings.scope > 0
