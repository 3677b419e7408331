-- Reads the streams of a queue, and those that have ended and still hold messages of it. Writes nothing.
-- KEYS: queue base
-- ARGV: most (leases that are looked at, those that end first)
-- Reply: layout `worker` for each
local sessions, found = {}, {}

local function add(session, holder, ended)
  local one = { session = session, holder = holder, ended = ended, held = redis.call('HLEN', k_session .. session), oldest = 0 }
  sessions[session], found[#found + 1] = one, one
  return one
end

local entries = redis.call('HGETALL', k_workers)
for at = 1, #entries, 2 do
  if #entries[at] == 16 then add(entries[at], entries[at + 1], 0) end
end

local ids = redis.call('ZRANGE', k_leases, 0, most - 1)
load_states(ids)
for _, id in ipairs(ids) do
  local s = load_state(id)
  if s and s.session ~= '' then
    local one = sessions[s.session] or add(s.session, holder_of(s.session), 1)
    if one.oldest == 0 or s.since < one.oldest then one.oldest = s.since end
  end
end

local replies = {}
for index, one in ipairs(found) do replies[index] = write.worker(one) end
return table.concat(replies)
