-- Begins an epoch of the outbox of a partition. One without an end begins with its first change anyway.
-- KEYS: partition base
-- ARGV: none
-- Reply: 1; 0: there is no end, or it is damaged
if redis.call('EXISTS', p_outbox_end) == 0 then return 0 end
local is_sound, last = pcall(read_outbox_end)
if not is_sound then return 0 end
begin_epoch(last, now)
note_epoch(last)
redis.call('SET', p_outbox_end, write.outbox_end(last))
return 1
