-- One page of an index: for each message, the facts that its next verdict needs. Looks at `page` messages at most. Writes
-- nothing.
-- KEYS: queue base
-- ARGV: page, after (layout `entry`; '': from the start), index_name
-- Reply: how many messages were looked at; the last of them, layout `entry`, and `walked` for each
local index = ({ due = k_due, isolated = k_isolated, indirect = k_indirect, leases = k_leases,
  quarantine = k_quarantine })[index_name]
local seen = entries_after(index, after, page)
local ids = {}
for at = 1, #seen, 2 do ids[#ids + 1] = seen[at] end
load_states(ids)
local facts = { #ids > 0 and write.entry { id = ids[#ids], score = tonumber(seen[#seen]) } or nil }
for _, id in ipairs(ids) do
  local s = load_state(id)
  if s then facts[#facts + 1] = write.walked(s, { id = id, attempts = u16(s.attempts) }) end
end
return { #ids, table.concat(facts) }
