-- Reads the streams of a queue, and those that have ended and still hold messages of it. Writes nothing.
-- KEYS: queue base
-- ARGV: most (leases that are looked at: so many that end first and that end last; and of streams with none of these, some of their
-- own, so many in all)
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

local function look_at(ids)
  load_states(ids)
  for _, id in ipairs(ids) do
    local s = load_state(id)
    if s and s.session ~= '' then
      local one = sessions[s.session] or add(s.session, holder_of(s.session), 1)
      if one.oldest == 0 or s.since < one.oldest then one.oldest = s.since end
    end
  end
end

look_at(redis.call('ZRANGE', k_leases, 0, most - 1))
-- A worker that hangs extends its leases: they end late.
look_at(redis.call('ZRANGE', k_leases, -most, -1))
local left = most
for _, one in ipairs(found) do
  if one.held > 0 and one.oldest == 0 and left > 0 then
    local page = redis.call('HSCAN', k_session .. one.session, '0', 'COUNT', 10)
    local ids = {}
    for at = 1, math.min(#page[2], 2 * left), 2 do ids[#ids + 1] = page[2][at] end
    look_at(ids)
    left = left - #ids
  end
end

local replies = {}
for index, one in ipairs(found) do replies[index] = write.worker(one) end
return table.concat(replies)
