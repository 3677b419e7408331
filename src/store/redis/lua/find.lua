-- One page of a walk through an index: the ids whose state, reason and quarantine reason are among
-- the wanted cells. Reads only; looks at `page` messages at the most.
local wanted = {}
for cell in string.gmatch(cells, '[^ ]+') do wanted[cell] = true end

local index = ({ due = k_due, isolated = k_isolated, indirect = k_indirect, moving = k_moving,
  quarantine = k_quarantine })[place]
local seen = redis.call('ZRANGE', index, start, start + page - 1)
local found = {}
for _, id in ipairs(seen) do
  local s = load_state(id)
  if s and wanted['c:' .. s.state .. ':' .. s.reason .. ':' .. s.qreason] then found[#found + 1] = id end
end
return { #seen, table.concat(found) }
