-- What every script that writes ends with.
local function finish()
  flush_writes()
  if next(lanes.touched) or next(lanes.keyed) or next(breakers.moved) or next(buckets.known) then
    lanes.flush()
    flush_writes()
  end
  flush_ends()
  flush_chunks()
  sources.flush()
  flush_answers()
  flush_counters()
  flush_journal(journal_max)
  if next(breakers.known) then breakers.flush() end
  if next(buckets.known) then buckets.flush() end
  flush_wake()
end
