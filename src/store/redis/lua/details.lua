-- Reads all that is stored of one message.
-- KEYS: queue base
-- ARGV: id
-- Reply: layout `details`, its body, its edits, its failures after the first, and the stream that holds it (see workerEntry);
-- the last three '' if it has none. '': there is no such message
local s = load_state(id)
if not s then return '' end
local chunk = chunk_of(id)
local is_held = s.state == STATE.IN_FLIGHT
local moves_to = s.place == PLACE.MOVING and move_target(s) or ''
return {
  write.details(s, {
    isolated = s.place == PLACE.ISOLATED and 1 or 0,
    attempts = u16(s.attempts), expiries = u8(s.expiries), releases = u8(s.releases), unknown = u16(s.unknown),
    failures = u16(s.failures),
    lease_end = is_held and math.floor(tonumber(redis.call('ZSCORE', k_leases, id) or '0') + 0.5) or 0,
    moves_to = moves_to,
  }),
  redis.call('HGET', bodies_of(chunk), id) or '',
  has_flag(s, FLAG.EDITED) and redis.call('HGET', k_edits .. chunk, id) or '',
  has_flag(s, FLAG.HISTORY) and redis.call('HGET', k_failures .. chunk, id) or '',
  is_held and redis.call('HGET', k_workers, s.session) or '',
}
