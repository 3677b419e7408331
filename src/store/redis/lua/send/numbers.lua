-- The numbers of sends that each client has used here, as ranges in ascending order. So a repeat makes no second message
-- even after its answer has expired. There is one hash a day. The first send of a client in a day copies its ranges from the
-- latest hash that has them, so that one hash has all of them. If the clock has stepped back over midnight, by up to a day,
-- the next day's hash stays in use. The first write to a new hash unlinks the oldest one: Redis would free an expired one
-- while all calls wait.
--
-- Each call that fails leaves a gap until its messages are sent again, and so one more range. Ranges that no longer fit into
-- the hash go to a sorted set, one a day: the old ranges. They are all below the client's lowest range in the hash.

-- The most ranges of a client in the hash. Each send reads and writes all of them.
local RANGES_MAX = 64
-- The most old ranges of a queue in a day. Numbers in further ones count as new.
local OLD_RANGES_MAX = 100000
-- The highest number that a client may use.
local HIGHEST = 2 ^ 53 - 1

local today = math.floor(now / LIMIT.DAY_MS)
local oldest_day = today - LIMIT.KEPT_DAYS
local numbers = lazy({ known = {}, touched = {}, today = today, is_new_day = true })
local old_ranges = lazy({ added = {} })

local function numbers_of(day) return k_numbers .. string.format('%d', day) end
local function old_ranges_of(day) return numbers_of(day) .. ':old' end

-- A member is the length of the client's name, the name, the first and the last number.
function old_ranges.build()
  local function prefix_of(client) return struct.pack('>I2', #client) .. client end
  local function member_of(prefix, first, last) return prefix .. struct.pack('>I8I8', first, last) end

  -- First number, last number and member of a range; nothing: there is none.
  local function read_range(member)
    if not member then return end
    local first, last = struct.unpack('>I8I8', member, #member - 15)
    return first, last, member
  end

  -- The last range of a client that does not begin above `n`.
  local function range_of(key, prefix, n)
    local above = '(' .. prefix .. struct.pack('>I8', n + 1)
    return read_range(redis.call('ZREVRANGEBYLEX', key, above, '[' .. prefix, 'LIMIT', 0, 1)[1])
  end

  -- The range of a client that begins with `n`.
  local function range_from(key, prefix, n)
    local from, above = '[' .. prefix .. struct.pack('>I8', n), '(' .. prefix .. struct.pack('>I8', n + 1)
    return read_range(redis.call('ZRANGEBYLEX', key, from, above, 'LIMIT', 0, 1)[1])
  end

  -- The keys that exist.
  local keys = {}
  for day = numbers.today, oldest_day, -1 do
    local key = old_ranges_of(day)
    if redis.call('EXISTS', key) == 1 then keys[#keys + 1] = key end
  end

  -- Reports whether a client has old ranges; with `n`, whether one of them has this number.
  function old_ranges.has(client, n)
    for _, range in ipairs(old_ranges.added[client] or {}) do
      if not n or (range[1] <= n and n <= range[2]) then return true end
    end
    for _, key in ipairs(keys) do
      local _, last = range_of(key, prefix_of(client), n or HIGHEST)
      if last and (not n or n <= last) then return true end
    end
    return false
  end

  function old_ranges.add(client, first, last)
    local added = old_ranges.added[client] or {}
    old_ranges.added[client] = added
    local latest = added[#added]
    if latest and latest[2] == first - 1 then
      latest[2] = last
    else
      added[#added + 1] = { first, last }
    end
  end

  -- Joins a range to its neighbors in the set.
  local function save_range(key, prefix, first, last)
    local first_before, last_before, before = range_of(key, prefix, first)
    local _, last_after, after = range_from(key, prefix, last + 1)
    if last_before == first - 1 then
      redis.call('ZREM', key, before)
      first = first_before
    end
    if last_after then
      redis.call('ZREM', key, after)
      last = last_after
    end
    redis.call('ZADD', key, 0, member_of(prefix, first, last))
  end

  -- Call it after flush_writes.
  function old_ranges.save()
    local key = old_ranges_of(numbers.today)
    local room = OLD_RANGES_MAX - redis.call('ZCARD', key)
    for client, added in pairs(old_ranges.added) do
      for at = 1, math.min(#added, room) do save_range(key, prefix_of(client), added[at][1], added[at][2]) end
      room = math.max(0, room - #added)
    end
    redis.call('PEXPIRE', key, (LIMIT.KEPT_DAYS + 2) * LIMIT.DAY_MS, 'NX')
  end
end

function numbers.build()
  numbers.today = numbers.today + redis.call('EXISTS', numbers_of(numbers.today + 1))

  -- Ranges are a flat list of pairs, first and last number.
  local function unpack_ranges(v)
    local ranges = { struct.unpack('>' .. string.rep('I8', #v / 8), v) }
    ranges[#ranges] = nil -- the position behind the last value
    return ranges
  end
  local function pack_ranges(ranges) return struct.pack('>' .. string.rep('I8', #ranges), unpack(ranges)) end

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
    if at > 0 then return n <= ranges[at + 1] end
    return #ranges > 0 and old_ranges.has(client, n)
  end

  -- Adds a number that is not used yet.
  function numbers.use(client, n)
    local ranges = numbers.known[client]
    local at = range_of(ranges, n)
    local follows, precedes = at > 0 and ranges[at + 1] == n - 1, ranges[at + 2] == n + 1
    if follows and precedes then
      ranges[at + 1] = ranges[at + 3]
      for _ = 1, 2 do table.remove(ranges, at + 2) end
    elseif follows then
      ranges[at + 1] = n
    elseif precedes then
      ranges[at + 2] = n
    elseif at < 0 and #ranges > 0 and old_ranges.has(client) then
      old_ranges.add(client, n, n)
    else
      for _ = 1, 2 do table.insert(ranges, at + 2, n) end
      if #ranges > 2 * RANGES_MAX then old_ranges.add(client, table.remove(ranges, 1), table.remove(ranges, 1)) end
    end
    numbers.touched[client] = true
  end

  -- Call it before flush_writes.
  function numbers.save()
    local key = numbers_of(numbers.today)
    for client in pairs(numbers.touched) do put(key, client, pack_ranges(numbers.known[client])) end
  end

  -- Call it after flush_writes.
  function numbers.finish()
    if next(old_ranges.added) then old_ranges.save() end
    if not numbers.is_new_day or not next(numbers.touched) then return end
    if redis.call('PEXPIRE', numbers_of(numbers.today), (LIMIT.KEPT_DAYS + 2) * LIMIT.DAY_MS, 'NX') == 0 then return end
    for day = oldest_day - 2, oldest_day - 1 do redis.call('UNLINK', numbers_of(day), old_ranges_of(day)) end
  end
end
