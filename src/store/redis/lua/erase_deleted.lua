-- Erases deleted messages, the oldest first, to make room: so many bytes of them, in one call at most LIMIT.DELETED_ERASED messages.
-- KEYS: queue base
-- ARGV: wanted (bytes)
-- Reply: layout `erased`
local messages, bytes = 0, 0
while bytes < wanted do
  local erased = deleted.erase_oldest()
  if not erased then break end
  messages, bytes = messages + 1, bytes + erased
end
local _, oldest = deleted.oldest()
if not oldest then put(k_meta, META.KEEPS_DELETED, false) end
rank(p_deleted, QUEUE, oldest or false)
flush_writes()
flush_counters()
return write.erased { messages = messages, bytes = bytes, oldest = oldest or 0 }
