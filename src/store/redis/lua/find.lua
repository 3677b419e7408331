-- One page of a walk through an index: finds the messages whose state and reasons are among the wanted cells, and that have
-- not changed their state after a retry began. Looks at `page` messages at most. Writes nothing.
-- KEYS: queue base
-- ARGV: page, started (0: whenever they changed), after (layout `entry`; '': from the start), index_name, cells (counter
-- fields, e.g. 'c:3:11:2', one space between)
-- Reply: how many messages were looked at, or -1 if the clock has stepped back behind `started`; then the last of them and each
-- that matches, layout `entry`
local wanted = cell_set(cells)
if now < started then return { -1, '' } end
local index = ({ due = k_due, isolated = k_isolated, indirect = k_indirect, moving = k_moving,
  quarantine = k_quarantine })[index_name]
local seen = entries_after(index, after, page)
local ids = {}
for at = 1, #seen, 2 do ids[#ids + 1] = seen[at] end
load_states(ids)
local function entry(at) return write.entry { id = seen[at], score = tonumber(seen[at + 1]) } end

local found = { #seen > 0 and entry(#seen - 1) or nil }
for at = 1, #seen, 2 do
  local s = load_state(seen[at])
  -- `retry` sets `since` up to 1 ms ahead. A later `since` is from before a step back of the clock.
  if s and started > 0 and s.since > now + 1 and is_in(s, wanted) then return { -1, '' } end
  if s and is_selected(s, wanted, started) then found[#found + 1] = entry(at) end
end
return { #ids, table.concat(found) }
