-- One page of a walk through an index: finds the messages whose state and reasons are among the wanted cells. Looks at
-- `page` messages at most. Writes nothing.
-- KEYS: queue base
-- ARGV: start, page, place (the index), cells (counter fields, e.g. 'c:3:11:2', one space between)
-- Reply: how many messages were looked at; the ids of those that match
local wanted = {}
for cell in string.gmatch(cells, '[^ ]+') do wanted[cell] = true end

local index = ({ due = k_due, isolated = k_isolated, indirect = k_indirect, moving = k_moving,
  quarantine = k_quarantine })[place]
local seen = redis.call('ZRANGE', index, start, start + page - 1)
local found = {}
for _, id in ipairs(seen) do
  local s = load_state(id)
  if s and wanted[cell_of(s.state, s.reason, s.qreason)] then found[#found + 1] = id end
end
return { #seen, table.concat(found) }
