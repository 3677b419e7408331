-- The queue's journal: a bounded stream with one record for each transition. The records of a call are packed
-- into few entries: the id of an entry is the instant, its field `d` has the records.
local RECORDS_PER_ENTRY = 64

local records = {}

local function journal(kind, id, s, note)
  note = note or ''
  if #note > LIMIT.NOTE_BYTES then note = string.sub(note, 1, LIMIT.NOTE_BYTES) end
  records[#records + 1] = write.journal(s, { kind = kind, id = id, attempts = u16(s.attempts), note = note })
end

local function flush_journal(max_entries)
  for first = 1, #records, RECORDS_PER_ENTRY do
    local last = math.min(first + RECORDS_PER_ENTRY - 1, #records)
    redis.call('XADD', k_journal, 'MAXLEN', '~', max_entries, '*', 'd',
      table.concat(records, '', first, last))
  end
end
