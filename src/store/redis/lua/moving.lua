-- Reads messages that move to other queues, with all that these need: those of the ids, or without ids the first ones
-- whose move started `age` milliseconds ago. As many as fit into `reply_bytes`, but at least one. Writes nothing.
-- KEYS: queue base
-- ARGV: age, page (how many at most), reply_bytes; items: id
-- Reply: eight values for each: layout `moving` and the target; packed state; body; history; edits; event fields; digest and
-- description of its group; timeline
local function group_of(s)
  local digest = s.group > 0 and redis.pcall('HGET', p_group_digests, string.format('%d', s.group))
  if type(digest) ~= 'string' then return '' end
  local text = redis.pcall('HGET', p_group_descriptions, digest)
  return digest .. (type(text) == 'string' and text or '')
end

local ids = { unpack(ARGV, FIRST) }
if #ids == 0 then ids = redis.call('ZRANGEBYSCORE', k_moving, '-inf', now - age, 'LIMIT', 0, page) end
load_states(ids)

local replies, bytes = {}, 0
for _, id in ipairs(ids) do
  local s = load_state(id)
  if s and s.state == STATE.SCHEDULED and s.place == PLACE.MOVING then
    if bytes > 0 and bytes + s.size > reply_bytes then break end
    bytes = bytes + s.size
    local chunk = chunk_of(id)
    replies[#replies + 1] = write.moving { id = id, delivery = s.delivery, began = move_began(s) }
      .. move_target(s)
    replies[#replies + 1] = pack_state(s)
    replies[#replies + 1] = redis.call('HGET', bodies_of(chunk), id) or ''
    replies[#replies + 1] = has_flag(s, FLAG.HISTORY) and redis.call('HGET', k_failures .. chunk, id) or ''
    replies[#replies + 1] = has_flag(s, FLAG.EDITED) and redis.call('HGET', k_edits .. chunk, id) or ''
    replies[#replies + 1] = has_mark(s, MARK.EVENT_FIELDS) and redis.call('HGET', k_event_fields .. chunk, id) or ''
    replies[#replies + 1] = group_of(s)
    replies[#replies + 1] = timeline.of(id, s)
  end
end
return replies
