-- Makes messages due now, by id. With a filter, all of them must match it and be all that match;
-- else nothing is written and the answer begins with the count that does match.
local RETRIED, MISSING, BUSY = 0, 1, 2

local answer = answered(VERB_RETRY, request)
if answer then return answer end
load_states({ unpack(ARGV, FIRST) })

-- `cells` holds the counter fields that the filter covers, e.g. 'c:3:11:2', one behind another.
local function matching()
  local total, wanted = 0, {}
  for cell in string.gmatch(cells, '[^ ]+') do
    wanted[cell] = true
    total = total + tonumber(redis.call('HGET', k_counters, cell) or '0')
  end
  return total, wanted
end

if cells ~= '' then
  local total, wanted = matching()
  local ids = #ARGV - FIRST + 1
  if total ~= expected then return struct.pack('>BI6', 1, total) end
  if ids ~= expected then return struct.pack('>BI6', 2, total) end
  for at = FIRST, #ARGV do
    local s = load_state(ARGV[at])
    if not s or not wanted['c:' .. s.state .. ':' .. s.reason .. ':' .. s.qreason] then
      return struct.pack('>BI6', 2, total)
    end
  end
end

local function retry(id)
  local s = load_state(id)
  if not s then return MISSING end
  -- On its way to another queue it is neither here nor there.
  if s.state == IN_FLIGHT or s.place == PLACE_MOVING then return BUSY end
  leave(id, s)
  if s.state == QUARANTINED then
    -- A new round: what happened before stays in its history.
    s.attempts, s.expiries, s.releases, s.place = 0, 0, 0, PLACE_DUE
    s.round, s.last_delay = now, 0
    set_flag(s, FLAG_POISONED, false)
    forget_lease(s)
    if s.source ~= '' then sources.forget(s.source) end
    if s.expire > 0 then s.expire = now + s.ttl * 1000 end
  end
  schedule(id, s, now)
  journal('retried', id, s)
  return RETRIED
end

local replies = { struct.pack('>BI6', 0, now) }
for at = FIRST, #ARGV do
  replies[#replies + 1] = struct.pack('>B', retry(ARGV[at]))
end
answer = table.concat(replies)
remember(VERB_RETRY, request, answer)
finish()
return answer
