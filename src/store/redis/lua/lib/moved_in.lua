-- Moved-in messages: their ids name the arrival in the queue that they came from. `moved_in` maps each to its
-- arrival here. It is read only for ids that are not where they say: most queues have no such message.
local moved_in = { arrivals = {} }

-- The arrival here; false: the id says it.
function moved_in.arrival(id)
  local arrival = moved_in.arrivals[id]
  if arrival == nil then
    if moved_in.exist == nil then moved_in.exist = redis.call('EXISTS', k_moved_in) == 1 end
    local v = moved_in.exist and redis.call('HGET', k_moved_in, id)
    arrival = v and tonumber(v) or false
    moved_in.arrivals[id] = arrival
  end
  return arrival
end

-- Returns those of the ids, at most a thousand, that are moved in.
function moved_in.among(ids)
  local values, found = redis.call('HMGET', k_moved_in, unpack(ids)), {}
  for index, id in ipairs(ids) do
    -- Changes of this script are not written yet.
    if moved_in.arrivals[id] == nil then moved_in.arrivals[id] = values[index] and tonumber(values[index]) end
    if moved_in.arrivals[id] then found[#found + 1] = id end
  end
  return found
end

function moved_in.add(id, arrival)
  moved_in.exist, moved_in.arrivals[id] = true, arrival
  put(k_moved_in, id, string.format('%d', arrival))
  rank(k_by_age, id, (struct.unpack('>I6', id)))
end

function moved_in.forget(id)
  if not moved_in.arrival(id) then return end
  moved_in.arrivals[id] = false
  put(k_moved_in, id, false)
  rank(k_by_age, id, false)
end
