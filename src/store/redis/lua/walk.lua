-- One page of a walk through an index: of each message what a verdict on its next failure depends on. Looks at `page`
-- messages at most. Writes nothing.
-- KEYS: queue base
-- ARGV: start, page, place (the index)
-- Reply: how many messages were looked at; `walked` for each
local index = ({ due = k_due, isolated = k_isolated, indirect = k_indirect, leases = k_leases,
  quarantine = k_quarantine })[place]
local seen = redis.call('ZRANGE', index, start, start + page - 1)
load_states(seen)
local facts = {}
for _, id in ipairs(seen) do
  local s = load_state(id)
  if s then facts[#facts + 1] = write.walked(s, { id = id, attempts = u16(s.attempts) }) end
end
return { #seen, table.concat(facts) }
