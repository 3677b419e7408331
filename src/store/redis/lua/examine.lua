-- Reads what a verdict needs to know of each message, under its token. Changes nothing.
local replies = { answered(VERB_SETTLE, request) or '' }
if replies[1] == '' then
  load_token_states()
  for at = FIRST, #ARGV, STRIDE do
    local id, delivery, nonce = struct.unpack(TOKEN_FORMAT, ARGV[at])
    local status, s = look_up(id, delivery, nonce)
    if s then
      replies[#replies + 1] = struct.pack('>BBBBHHBI6I6', status, s.state, s.flags, s.reason, s.version,
        u16(s.attempts), u8(s.releases), s.round, s.last_delay) .. s.retry
    else
      replies[#replies + 1] = struct.pack('>BBBBHHBI6I6', status, 0, 0, 0, 0, 0, 0, 0, 0)
    end
  end
end
return replies
