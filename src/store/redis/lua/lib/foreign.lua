-- Messages that came from another queue: their ids name places there. `foreign` says which arrival here
-- each of them was. It is only asked of ids that are not where they say: most queues have none.
local foreign = { arrivals = {} }

-- Which arrival here it was; false: the id says it.
function foreign.arrival(id)
  local arrival = foreign.arrivals[id]
  if arrival == nil then
    if foreign.exist == nil then foreign.exist = redis.call('EXISTS', k_foreign) == 1 end
    local v = foreign.exist and redis.call('HGET', k_foreign, id)
    arrival = v and tonumber(v) or false
    foreign.arrivals[id] = arrival
  end
  return arrival
end

-- Which of these came from another queue. A script has a few hundred ids, a thousand at most.
function foreign.among(ids)
  local values, found = redis.call('HMGET', k_foreign, unpack(ids)), {}
  for index, id in ipairs(ids) do
    -- What this script has changed is not written yet.
    if foreign.arrivals[id] == nil then foreign.arrivals[id] = values[index] and tonumber(values[index]) end
    if foreign.arrivals[id] then found[#found + 1] = id end
  end
  return found
end

function foreign.add(id, arrival)
  foreign.exist, foreign.arrivals[id] = true, arrival
  put(k_foreign, id, string.format('%d', arrival))
  rank(k_elders, id, (struct.unpack('>I6', id)))
end

function foreign.forget(id)
  if not foreign.arrival(id) then return end
  foreign.arrivals[id] = false
  put(k_foreign, id, false)
  rank(k_elders, id, false)
end
