-- Messages that came from another queue: their ids name places there. `foreign` says which arrival here
-- each of them was. Whether there are any is asked once, and nothing more where there are none.
local foreign = { arrivals = {} }

do
  local function any()
    if foreign.exist == nil then foreign.exist = redis.call('EXISTS', k_foreign) == 1 end
    return foreign.exist
  end

  -- Which arrival here it was; false: the id says it.
  function foreign.arrival(id)
    local arrival = foreign.arrivals[id]
    if arrival == nil then
      local v = any() and redis.call('HGET', k_foreign, id)
      arrival = v and tonumber(v) or false
      foreign.arrivals[id] = arrival
    end
    return arrival
  end

  -- Reads ahead what `arrival` will be asked for. A script has a few hundred ids, a thousand at most.
  function foreign.read_ahead(ids)
    if #ids == 0 or not any() then return end
    local values = redis.call('HMGET', k_foreign, unpack(ids))
    for index, id in ipairs(ids) do
      -- What this script has changed is not written yet.
      if foreign.arrivals[id] == nil then foreign.arrivals[id] = values[index] and tonumber(values[index]) end
    end
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
end
