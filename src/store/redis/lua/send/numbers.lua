-- The numbers of sends that each client has used here, as ranges from the lowest to the highest: so a repeat makes no second
-- message even after its answer has expired. One hash a day: a client that sends for the first time in a day is looked up
-- in the days before, and carried over: the latest hash with a client is complete. After the clock has stepped back
-- over midnight, by up to a day, the next day's hash stays in use. A new hash is the time to free one that is no longer read:
-- Redis frees a key that expires while all others wait.

-- Ranges of a client. The lowest ones are dropped: their numbers count as new.
local RANGES_MAX = 64

local today = math.floor(now / LIMIT.DAY_MS)
local oldest_day = today - LIMIT.KEPT_DAYS
local numbers = lazy({ known = {}, touched = {}, today = today, is_new_day = true })

function numbers.build()
  local function numbers_of(day) return k_numbers .. string.format('%d', day) end
  numbers.today = numbers.today + redis.call('EXISTS', numbers_of(numbers.today + 1))

  -- Ranges are a flat list of pairs, first and last number.
  local function unpack_ranges(v)
    local ranges = { struct.unpack('>' .. string.rep('I8', #v / 8), v) }
    ranges[#ranges] = nil -- the position behind the last value
    return ranges
  end

  -- Reads the numbers of these clients; none of them twice.
  function numbers.load(clients)
    local missing = clients
    for day = numbers.today, oldest_day, -1 do
      if #missing == 0 then break end
      local left = {}
      for index, v in ipairs(redis.call('HMGET', numbers_of(day), unpack(missing))) do
        local client = missing[index]
        if v then
          numbers.known[client] = unpack_ranges(v)
          if day == numbers.today then numbers.is_new_day = false else numbers.touched[client] = true end
        else
          left[#left + 1] = client
        end
      end
      missing = left
    end
    for _, client in ipairs(missing) do numbers.known[client] = {} end
  end

  -- The index of the last range that does not begin above `n`; -1: there is none. Numbers mostly grow.
  local function range_of(ranges, n)
    local at = #ranges - 1
    while at > 0 and ranges[at] > n do at = at - 2 end
    return at
  end

  function numbers.is_used(client, n)
    local ranges = numbers.known[client]
    local at = range_of(ranges, n)
    return at > 0 and n <= ranges[at + 1]
  end

  -- Adds a number that is not used yet.
  function numbers.use(client, n)
    local ranges = numbers.known[client]
    local at = range_of(ranges, n)
    local follows, precedes = at > 0 and ranges[at + 1] == n - 1, ranges[at + 2] == n + 1
    if follows and precedes then
      ranges[at + 1] = ranges[at + 3]
      table.remove(ranges, at + 2)
      table.remove(ranges, at + 2)
    elseif follows then
      ranges[at + 1] = n
    elseif precedes then
      ranges[at + 2] = n
    else
      table.insert(ranges, at + 2, n)
      table.insert(ranges, at + 2, n)
      for _ = 1, #ranges - 2 * RANGES_MAX do table.remove(ranges, 1) end
    end
    numbers.touched[client] = true
  end

  -- Before flush_writes.
  function numbers.save()
    for client in pairs(numbers.touched) do
      local ranges = numbers.known[client]
      put(numbers_of(numbers.today), client, struct.pack('>' .. string.rep('I8', #ranges), unpack(ranges)))
    end
  end

  -- After flush_writes.
  function numbers.expire()
    if not numbers.is_new_day or not next(numbers.touched) then return end
    local is_new_key = redis.call('PEXPIRE', numbers_of(numbers.today), (LIMIT.KEPT_DAYS + 2) * LIMIT.DAY_MS, 'NX') == 1
    if is_new_key then redis.call('UNLINK', numbers_of(oldest_day - 1)) end
  end
end
