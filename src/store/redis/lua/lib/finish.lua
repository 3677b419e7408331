-- The end of every script that writes.
local function finish()
  flush_writes()
  if key_queues.built or breakers.built or buckets.built then
    key_queues.flush()
    flush_writes()
  end
  flush_ends()
  flush_chunks()
  if sources.built then sources.flush() end
  flush_answers()
  flush_counters()
  flush_changes(outbox_max_bytes, history_changed)
  if breakers.built then breakers.flush() end
  if buckets.built then buckets.flush() end
  flush_wake()
end
