-- Messages that came from elsewhere, by a move or an import. Each is decided once: the answer is kept for days under its mark,
-- even if the message was processed or moved on since.
local arrivals = { today = math.floor(now / LIMIT.DAY_MS) }

function arrivals.key(day) return k_arrived .. string.format('%d', day) end

-- Returns the answers by mark. The clock may have stepped back, by up to a day without harm.
function arrivals.decided(marks)
  local found = {}
  for back = -1, LIMIT.KEPT_DAYS do
    local key = arrivals.key(arrivals.today - back)
    if #marks > 0 and redis.call('EXISTS', key) == 1 then
      for index, v in ipairs(redis.call('HMGET', key, unpack(marks))) do
        if v then found[marks[index]] = string.byte(v) end
      end
    end
  end
  return found
end

function arrivals.keep(mark, status)
  if arrivals.is_new_day == nil then arrivals.is_new_day = redis.call('EXISTS', arrivals.key(arrivals.today)) == 0 end
  put(arrivals.key(arrivals.today), mark, string.char(status))
end

-- After `finish`.
function arrivals.finish()
  if not arrivals.is_new_day then return end
  redis.call('PEXPIRE', arrivals.key(arrivals.today), (LIMIT.KEPT_DAYS + 2) * LIMIT.DAY_MS)
  -- They are no longer read. Redis would free them while all calls wait when they expire.
  local first = arrivals.today - LIMIT.KEPT_DAYS
  redis.call('UNLINK', arrivals.key(first - 1), arrivals.key(first - 2))
end
