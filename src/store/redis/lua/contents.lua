-- Reads what edits of messages start from: state, version, body, and what earlier edits have made of it.
-- As many, in order, as fit into `reply_bytes`, but at least one. Changes nothing.
local replies = { answered(VERB_RETRY, request) or '' }
if replies[1] ~= '' then return replies end

local ids, bytes = {}, 0
for at = FIRST, #ARGV do ids[#ids + 1] = ARGV[at] end
load_states(ids)

local found, place_of, edited = {}, {}, {}
for _, id in ipairs(ids) do
  local s = load_state(id)
  bytes = bytes + (s and s.size or 0)
  if #replies > 1 and bytes > reply_bytes then break end
  local place = #replies + 1
  replies[place], replies[place + 1], replies[place + 2] = '', '', ''
  if s then
    -- On its way to another queue it is as busy as in a worker's hands.
    replies[place] = struct.pack('>BH', s.place == PLACE_MOVING and IN_FLIGHT or s.state, s.version)
    place_of[id] = place
    found[#found + 1] = id
    if has_flag(s, FLAG_EDITED) then edited[#edited + 1] = id end
  end
end
fetch(k_bodies, found, function(id, body) replies[place_of[id] + 1] = body or '' end)
fetch(k_edits, edited, function(id, edits) replies[place_of[id] + 2] = edits or '' end)
return replies
