-- Reads all that is stored of messages: of as many, in order, as fit into `reply_bytes`, but at least one. Without `with_history`
-- it leaves out timelines, and failures before the latest.
-- KEYS: queue base
-- ARGV: reply_bytes, with_history; items: id
-- Reply: six values for each message: layout `details`, its body, its edits, its failures after the first, its timeline, and the
-- stream that holds it (see workerEntry); the last four '' if it has none. All six are '' if there is no such message
local function group_of(s)
  local digest = s.group > 0 and redis.pcall('HGET', p_group_digests, string.format('%d', s.group))
  return type(digest) == 'string' and digest or ''
end

local function facts_of(id, s)
  local is_held = s.state == STATE.IN_FLIGHT
  local moves_to = s.place == PLACE.MOVING and move_target(s) or ''
  local group = group_of(s)
  return write.details(s, {
    isolated = s.place == PLACE.ISOLATED and 1 or 0,
    poisoned = has_flag(s, FLAG.POISONED) and 1 or 0,
    ended = is_held and redis.call('HEXISTS', k_workers, s.session) == 0 and 1 or 0,
    attempts = u16(s.attempts), expiries = u8(s.expiries), releases = u8(s.releases), unknown = u16(s.unknown),
    failures = u16(s.failures),
    lease_end = is_held and math.floor(tonumber(redis.call('ZSCORE', k_leases, id) or '0') + 0.5) or 0,
    moves_to = moves_to,
    group = group,
  })
end

local function failures_of(id, s)
  if not has_flag(s, FLAG.HISTORY) then return '' end
  local history = redis.call('HGET', k_failures .. chunk_of(id), id) or ''
  if with_history == 1 then return history end
  local is_sound, start = pcall(last_entry, history)
  -- Damage shows when it is read.
  return is_sound and string.sub(history, start) or history
end

local ids = {}
for at = FIRST, #ARGV do ids[#ids + 1] = ARGV[at] end
load_states(ids)

local replies, bytes = {}, 0
for _, id in ipairs(ids) do
  local s = load_state(id)
  local values = { '', '', '', '', '', '' }
  if s then
    local chunk = chunk_of(id)
    bytes = bytes + s.size
    if #replies > 0 and bytes > reply_bytes then break end
    values = {
      facts_of(id, s),
      redis.call('HGET', bodies_of(chunk), id) or '',
      has_flag(s, FLAG.EDITED) and redis.call('HGET', k_edits .. chunk, id) or '',
      failures_of(id, s),
      with_history == 1 and timeline.of(id, s) or '',
      s.state == STATE.IN_FLIGHT and holder_of(s.session) or '',
    }
    bytes = bytes + #values[4]
  end
  for _, value in ipairs(values) do replies[#replies + 1] = value end
end
return replies
