-- What is on its way to other queues, with all that these need: by id, or the first of what has been so for
-- `age`. Changes nothing. Of each: id, delivery and target; its state; its envelope; its failures; its edits.
local ids = { unpack(ARGV, FIRST) }
if #ids == 0 then ids = redis.call('ZRANGEBYSCORE', k_moving, '-inf', now - age, 'LIMIT', 0, page) end
load_states(ids)

local replies, bytes = {}, 0
for _, id in ipairs(ids) do
  local s = load_state(id)
  if s and s.state == SCHEDULED and s.place == PLACE_MOVING then
    -- The first one always has room.
    if bytes > 0 and bytes + s.size > reply_bytes then break end
    bytes = bytes + s.size
    local chunk = chunk_of(id)
    replies[#replies + 1] = struct.pack('>c16I4', id, s.delivery) .. string.sub(s.move, 9)
    replies[#replies + 1] = pack_state(s)
    replies[#replies + 1] = redis.call('HGET', bodies_of(chunk), id) or ''
    replies[#replies + 1] = has_flag(s, FLAG_HISTORY) and redis.call('HGET', k_failures .. chunk, id) or ''
    replies[#replies + 1] = has_flag(s, FLAG_EDITED) and redis.call('HGET', k_edits .. chunk, id) or ''
  end
end
return replies
