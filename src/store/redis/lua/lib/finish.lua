-- What every script that writes ends with.
local function finish()
  flush_writes()
  flush_ends()
  flush_chunks()
  flush_sources()
  flush_answers()
  flush_counters()
  flush_journal(journal_max)
  flush_wake()
end
