-- One page of a walk through an index: of each message what a verdict on its next failure depends on.
-- Reads only; looks at `page` messages at the most.
local index = ({ due = k_due, isolated = k_isolated, indirect = k_indirect, leases = k_leases,
  quarantine = k_quarantine })[place]
local seen = redis.call('ZRANGE', index, start, start + page - 1)
load_states(seen)
local facts = {}
for _, id in ipairs(seen) do
  local s = load_state(id)
  if s then
    facts[#facts + 1] = struct.pack('>c16BBHI6Hc0', id, s.reason, s.flags, u16(s.attempts), s.round, #s.retry, s.retry)
  end
end
return { #seen, table.concat(facts) }
