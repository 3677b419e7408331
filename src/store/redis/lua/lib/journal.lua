-- Every transition leaves one record in the queue's journal, a bounded stream. A script packs the
-- records of one call into few entries: the entry's id is the instant, its field `d` the records.
-- Record: B kind, 16 id, B state, B reason, B qreason, H attempts, I4 delivery, I6 due, B length, note.
local JOURNAL = {
  sent = 1, joined = 2, claimed = 3, succeeded = 4, failed = 5, released = 6, returned = 7,
  expired_lease = 8, quarantined = 9, discarded = 10, expired_ttl = 11, retried = 12, extended = 13,
  expired_retention = 14, breaker_opened = 15, breaker_half_opened = 16, breaker_closed = 17,
  order_released = 18, moved_out = 19, moved_in = 20, move_refused = 21, edited = 22,
}
local RECORDS_PER_ENTRY = 64

local records = {}

local function journal(kind, id, s, note)
  note = note or ''
  if #note > 255 then note = string.sub(note, 1, 255) end
  records[#records + 1] = struct.pack('>Bc16BBBHI4I6Bc0', JOURNAL[kind], id, s.state, s.reason,
    s.qreason, u16(s.attempts), s.delivery, s.due, #note, note)
end

local function flush_journal(max_entries)
  for first = 1, #records, RECORDS_PER_ENTRY do
    local last = math.min(first + RECORDS_PER_ENTRY - 1, #records)
    redis.call('XADD', k_journal, 'MAXLEN', '~', max_entries, '*', 'd',
      table.concat(records, '', first, last))
  end
end
