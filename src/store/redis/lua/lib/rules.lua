-- The delivery rules of the queue: what may block its messages. nil: nothing does.
local function read_rules(packed)
  if packed == '' then return nil end
  local r = record.delivery_rules(packed)
  return r
end

local rules = read_rules(delivery_rules)
local has_breakers = rules ~= nil and rules.scope > 0
