-- Counts change in the script that changes the state. Changes are collected here; flush_counters writes them.
local deltas = {}

local function count(field, by)
  deltas[field] = (deltas[field] or 0) + (by or 1)
end

-- One cell for each state, reason and quarantine reason that has messages.
local cell_deltas = {}
local function count_cell(s, by)
  local number = s.state * 65536 + s.reason * 256 + s.qreason
  cell_deltas[number] = (cell_deltas[number] or 0) + by
end

-- Returns the counter field of a cell.
local function cell_of(state, reason, qreason) return COUNTER.CELL .. state .. ':' .. reason .. ':' .. qreason end

local RATE_TAU_MS = 60000

local flush_counters

do
  -- Messages a second, exponentially smoothed. If they are damaged, the script goes on without them.
  local function raise_rate(name, n)
    local rate = 0
    local v = redis.pcall('HGET', k_rates, name)
    if type(v) == 'table' then return end
    if v then
      local per_second, at = read.rate(v)
      rate = per_second * math.exp(-math.max(0, now - at) / RATE_TAU_MS)
    end
    redis.call('HSET', k_rates, name, write.rate { per_second = rate + n * 1000 / RATE_TAU_MS, at = now })
  end

  local RATED = { [COUNTER.ACCEPTED] = true, [COUNTER.DELIVERIES] = true, [COUNTER.SUCCEEDED] = true,
    [COUNTER.FAILED_ATTEMPTS] = true }

  function flush_counters()
    for number, by in pairs(cell_deltas) do
      count(cell_of(math.floor(number / 65536), math.floor(number / 256) % 256, number % 256), by)
    end
    cell_deltas = {}
    for field, by in pairs(deltas) do
      if by ~= 0 then
        local after = redis.call('HINCRBY', k_counters, field, string.format('%d', by))
        if after == 0 and string.sub(field, 1, #COUNTER.CELL) == COUNTER.CELL then
          redis.call('HDEL', k_counters, field)
        end
        if RATED[field] then raise_rate(field, by) end
      end
    end
    deltas = {}
    if next(group_deltas) then flush_group_counts() end
    if groups.built then groups.flush() end
    if canary.built then canary.flush() end
    if timeline.built then timeline.flush() end
  end
end
