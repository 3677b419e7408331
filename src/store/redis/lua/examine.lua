-- Reads what a verdict needs to know of each message, under its token; `with_bodies`, also its envelope (of
-- an edited message with its edits), as far as the reply has room for them. Changes nothing.
local answer = answered(VERB_SETTLE, request)
if answer then return { answer } end

local ids, packed = token_ids(), {}
fetch_states(ids, function(id, v) packed[id] = v end)

-- Straight from the packed state: a table of it would cost more than all the rest.
local function facts_of(v, delivery, nonce)
  local state, _, flags, reason, _, version, attempts, _, releases, _, _, last_delivery, size, _, _, _, _, _, held,
    _, retry, extra = struct.unpack(STATE_FORMAT, v)
  local holds = string.sub(held, 1, 16) == nonce and last_delivery == delivery
  local facts = struct.pack('>BBBBHHB', holds and APPLIED or LEASE_LOST, state, flags, reason, version, attempts,
    releases)
  if flags % (FLAG_EXTRA + FLAG_EXTRA) >= FLAG_EXTRA then
    local priority, _, _, round, last_delay, hops = struct.unpack(EXTRA_FORMAT, v, extra)
    facts = facts .. struct.pack('>I6I6bB', round, last_delay, priority, hops)
  end
  return facts .. retry, holds and size, flags >= FLAG_EDITED
end

local UNKNOWN = struct.pack('>BBBBHHB', NOT_FOUND, 0, 0, 0, 0, 0, 0)
local replies, bodies, bytes = { '' }, {}, 0
for index, id in ipairs(ids) do
  local v, size, is_edited = packed[id], false, false
  if v then
    local _, delivery, nonce = struct.unpack(TOKEN_FORMAT, ARGV[FIRST + index - 1])
    replies[index + 1], size, is_edited = facts_of(v, delivery, nonce)
  else
    replies[index + 1] = UNKNOWN
  end
  if with_bodies == 1 then
    -- The first one always has room.
    local has_room = size and (bytes == 0 or bytes + size <= reply_bytes)
    if has_room then bytes = bytes + size end
    local body = has_room and redis.call('HGET', bodies_of(chunk_of(id)), id) or ''
    if has_room and is_edited then body = { body, redis.call('HGET', k_edits .. chunk_of(id), id) or '' } end
    bodies[index] = body
  end
end
for _, body in ipairs(bodies) do replies[#replies + 1] = body end
return replies
