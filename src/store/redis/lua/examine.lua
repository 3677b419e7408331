-- Reads what a verdict depends on, of each message under its token; with `with_bodies` its envelope too (of an edited
-- message with its edits), as far as `reply_bytes` allows, but at least one. Writes nothing.
-- KEYS: queue base
-- ARGV: with_bodies, reply_bytes, request; items: token
-- Reply: the answer that `settle` gave to this request, or ''; then `examined` for each; then the bodies
local answer = answered(VERB_SETTLE, request)
if answer then return { answer } end

local ids, packed = token_ids(), {}
fetch_states(ids, function(id, v) packed[id] = v end)

-- Without a table of the state, which would cost more than all the rest.
local function facts_of(v, delivery_number, token_nonce)
  local state, flags, reason, version, attempts, releases, delivery, size, holder, retry, rest = read.state(v)
  local holds = string.sub(holder, 1, 16) == token_nonce and delivery == delivery_number
  local facts = write.examined { status = holds and TOKEN.APPLIED or TOKEN.LEASE_LOST, state = state, flags = flags,
    reason = reason, version = version, attempts = attempts, releases = releases }
  if flags % (FLAG.EXTRA + FLAG.EXTRA) >= FLAG.EXTRA then
    local priority, round, last_delay, hops = read.state_extra(v, rest)
    facts = facts .. write.examined_extra { round = round, last_delay = last_delay, priority = priority, hops = hops }
  end
  return facts .. retry, holds and size, flags >= FLAG.EDITED
end

local UNKNOWN = write.examined { status = TOKEN.NOT_FOUND, state = 0, flags = 0, reason = 0, version = 0, attempts = 0,
  releases = 0 }
local replies, bodies, bytes = { '' }, {}, 0
for index, id in ipairs(ids) do
  local v, size, is_edited = packed[id], false, false
  if v then
    local delivery, nonce = read.token(ARGV[FIRST + index - 1])
    replies[index + 1], size, is_edited = facts_of(v, delivery, nonce)
  else
    replies[index + 1] = UNKNOWN
  end
  if with_bodies == 1 then
    local has_room = size and (bytes == 0 or bytes + size <= reply_bytes)
    if has_room then bytes = bytes + size end
    local body = has_room and redis.call('HGET', bodies_of(chunk_of(id)), id) or ''
    if has_room and is_edited then body = { body, redis.call('HGET', k_edits .. chunk_of(id), id) or '' } end
    bodies[index] = body
  end
end
for _, body in ipairs(bodies) do replies[#replies + 1] = body end
return replies
