-- Reads what edits of messages start from: as many messages, in order, as fit into `reply_bytes`, but at least one.
-- KEYS: queue base
-- ARGV: reply_bytes, request; items: id
-- Reply: the answer that a retry of this request got, or ''; then for each message its state and version (layout
-- `content`), its body and its edits; three times '' if there is no such message
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
    -- A message that moves can be edited as little as one in flight.
    local state = s.place == PLACE.MOVING and STATE.IN_FLIGHT or s.state
    replies[place] = write.content { state = state, version = s.version }
    place_of[id] = place
    found[#found + 1] = id
    if has_flag(s, FLAG.EDITED) then edited[#edited + 1] = id end
  end
end
fetch(k_bodies, found, function(id, body) replies[place_of[id] + 1] = body or '' end)
fetch(k_edits, edited, function(id, edits) replies[place_of[id] + 2] = edits or '' end)
return replies
