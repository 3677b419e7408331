-- Accepts messages, or joins them to earlier ones. Each item stands by itself.
local ACCEPTED, JOINED, FULL_MESSAGES, FULL_BYTES, REPEATED = 0, 1, 2, 3, 16

local function reply(status, id, s)
  return struct.pack('>Bc16BBBI6', status, id, s.state, s.reason, s.qreason, s.due)
end

-- The message that this send joins: same dedup key, same payload, still there.
local function joinable(dedup, payload_hash)
  if dedup == '' then return nil end
  local v = redis.call('GET', k_dedup .. dedup)
  if not v or string.sub(v, 17) ~= payload_hash then return nil end
  local id = string.sub(v, 1, 16)
  local s = load_state(id)
  if s then return id, s end
  return nil
end

local function is_poison(source)
  if source == '' or poison_threshold == 0 then return false end
  local key = k_sources .. source
  local sends = redis.call('INCR', key)
  if sends == 1 then redis.call('PEXPIRE', key, poison_window) end
  return sends >= poison_threshold
end

local function join(id, s, at)
  count_cell(s, -1)
  append_failure(id, s, tonumber(ARGV[at + I_reason]), ARGV[at + I_failure])
  count_cell(s, 1)
  if is_poison(ARGV[at + I_source]) then set_flag(s, FLAG_POISONED, true) end
  -- A worker may still report a success that it began before this failure: the message stays then.
  if s.nonce ~= '' then set_flag(s, FLAG_REJOINED, true) end
  if s.state == IN_FLIGHT then
    -- It failed once more while a worker has it: due again after this failure's own delay.
    s.due = now + tonumber(ARGV[at + I_delay])
    save_state(id, s)
  elseif s.state == SCHEDULED and has_flag(s, FLAG_POISONED) then
    leave(id, s)
    quarantine(id, s, QUARANTINE_POISON)
  else
    save_state(id, s)
  end
  count('joined')
  journal('joined', id, s)
  return reply(JOINED, id, s)
end

local used = redis.call('HMGET', k_counters, 'messages', 'bytes')
local messages, bytes = tonumber(used[1] or 0), tonumber(used[2] or 0)

local function accept(at)
  local envelope = ARGV[at + I_envelope]
  if max_messages > 0 and messages + 1 > max_messages then return FULL_MESSAGES end
  if max_bytes > 0 and bytes + #envelope > max_bytes then return FULL_BYTES end

  local id = make_id(redis.call('INCR', k_sequence), ARGV[at + I_random])
  local ttl = tonumber(ARGV[at + I_ttl])
  local s = {
    state = SCHEDULED, place = PLACE_DUE, flags = 0, reason = tonumber(ARGV[at + I_reason]),
    qreason = 0, version = 0, attempts = 0, expiries = 0, releases = 0, unknown = 0, failures = 1,
    delivery = 0, size = #envelope, due = 0, expire = ttl > 0 and now + ttl or 0,
    ttl = math.ceil(ttl / 1000), since = now, lease = 0, nonce = '', session = '',
    source = ARGV[at + I_source], retry = ARGV[at + I_retry],
  }
  local chunk = chunk_of(id)
  redis.call('HSET', k_bodies .. chunk, id, envelope)
  redis.call('ZADD', k_chunks, 'NX', chunk, chunk)

  local qreason = tonumber(ARGV[at + I_qreason])
  if is_poison(s.source) then
    set_flag(s, FLAG_POISONED, true)
    if qreason == 0 then qreason = QUARANTINE_POISON end
  end
  local due_at = ARGV[at + I_due_at]
  local due = due_at ~= '' and math.max(now, tonumber(due_at)) or now + tonumber(ARGV[at + I_delay])
  if qreason > 0 then
    s.due = now
    quarantine(id, s, qreason)
  else
    schedule(id, s, due)
  end

  messages, bytes = messages + 1, bytes + #envelope
  count('messages')
  count('bytes', #envelope)
  count('accepted')
  local dedup = ARGV[at + I_dedup]
  if dedup ~= '' and dedup_window > 0 then
    redis.call('SET', k_dedup .. dedup, id .. ARGV[at + I_payload_hash], 'PX', dedup_window)
  end
  journal(qreason > 0 and 'quarantined' or 'sent', id, s)
  return reply(ACCEPTED, id, s)
end

local NOBODY = { state = 0, reason = 0, qreason = 0, due = 0 }
local replies = {}
for at = FIRST, #ARGV, STRIDE do
  local request = ARGV[at + I_request]
  local answer = answered(VERB_SEND, request)
  if answer then
    -- The same answer, marked: nothing has happened now, and nothing is to be counted again.
    answer = string.char(string.byte(answer) + REPEATED) .. string.sub(answer, 2)
  else
    local id, s = joinable(ARGV[at + I_dedup], ARGV[at + I_payload_hash])
    answer = id and join(id, s, at) or accept(at)
    if type(answer) == 'number' then
      answer = reply(answer, string.rep('\0', 16), NOBODY)
    else
      remember(VERB_SEND, request, answer)
    end
  end
  replies[#replies + 1] = answer
end

flush_counters()
flush_journal(journal_max)
flush_wake()
return table.concat(replies)
