-- Reads what a verdict needs to know of each message, under its token; `with_bodies`, also its envelope (of
-- an edited message with its edits), as far as the reply has room for them. Changes nothing.
local replies = { answered(VERB_SETTLE, request) or '' }
if replies[1] == '' then
  load_token_states()
  local ids, bodies = {}, {}
  for at = FIRST, #ARGV, STRIDE do
    local id, delivery, nonce = struct.unpack(TOKEN_FORMAT, ARGV[at])
    local status, s = look_up(id, delivery, nonce)
    if s then
      replies[#replies + 1] = struct.pack('>BBBBHHBI6I6bB', status, s.state, s.flags, s.reason, s.version,
        u16(s.attempts), u8(s.releases), s.round, s.last_delay, s.priority, s.hops) .. s.retry
    else
      replies[#replies + 1] = struct.pack('>BBBBHHBI6I6bB', status, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
    end
    ids[#ids + 1] = status == APPLIED and id or ''
  end
  if with_bodies == 1 then
    local bytes = 0
    for index, id in ipairs(ids) do
      local s = id ~= '' and load_state(id)
      -- The first one always has room.
      local has_room = s and (bytes == 0 or bytes + s.size <= reply_bytes)
      if has_room then bytes = bytes + s.size end
      local body = has_room and redis.call('HGET', bodies_of(chunk_of(id)), id) or ''
      if has_room and has_flag(s, FLAG_EDITED) then
        body = { body, redis.call('HGET', k_edits .. chunk_of(id), id) or '' }
      end
      bodies[index] = body
    end
  end
  for _, body in ipairs(bodies) do replies[#replies + 1] = body end
end
return replies
