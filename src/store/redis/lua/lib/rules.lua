-- What holds deliveries of this queue back, as verbs/rules.ts packs it; nil: nothing does. Rates are
-- a second, times in milliseconds, 0 is "none" throughout.
local function read_rules(packed)
  if packed == '' then return nil end
  local r = {}
  r.rate, r.burst, r.key_rate, r.key_burst, r.key_max, r.budget, r.budget_min, r.scope, r.window, r.volume,
    r.ratio, r.in_a_row, r.open_time, r.max_open_time, r.probes, r.probe_lease, r.ordering, r.hold =
    struct.unpack('>ddddHddBI6I4dI4I6I6HI6BI6', packed)
  return r
end
local SCOPE_QUEUE, SCOPE_KEY = 1, 2
local ORDERED, ORDERED_HOLD = 1, 2

local rules = read_rules(delivery_rules)
local has_breakers = rules ~= nil and rules.scope > 0
