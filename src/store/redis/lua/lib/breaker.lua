-- Circuit breakers, one for the queue or one for each key. Only outcomes move them. Outcomes are counted in
-- tenths of the window, so that old ones are dropped at no cost.
local TENTHS, TENTH_BYTES = 10, 8
-- An open breaker that nothing moves is dropped after this.
local UNUSED_MS = LIMIT.DAY_MS

local breakers = lazy({})

function breakers.build()
  -- By key. `moved`: where this script has opened or closed a breaker, or a limiter may let more messages go.
  breakers.known, breakers.moved = {}, {}

  local function new_breaker()
    local b = { state = BREAKER.CLOSED, first = 0, opened = 0, retry_at = 0, half = 0, times = 0, out = 0, won = 0,
      in_a_row = 0, tenth = 0, ok = {}, failed = {} }
    for at = 0, TENTHS - 1 do b.ok[at], b.failed[at] = 0, 0 end
    return b
  end

  local function unpack_breaker(v)
    local state, first, opened, retry_at, half, times, out, won, in_a_row, tenth, rest = read.breaker(v)
    local b = { state = state, first = first, opened = opened, retry_at = retry_at, half = half, times = times,
      out = out, won = won, in_a_row = in_a_row, tenth = tenth, ok = {}, failed = {} }
    for at = 0, TENTHS - 1 do
      local ok, failed = read.breaker_tenth(v, rest + at * TENTH_BYTES)
      b.ok[at], b.failed[at] = ok, failed
    end
    -- After the clock has stepped back: it stays open for the time that is left, and its probes stay probes.
    if b.opened > now then b.retry_at, b.opened, b.changed = math.max(0, b.retry_at - b.opened + now), now, true end
    if b.half > now then b.half, b.changed = now, true end
    return b
  end

  function breakers.of(key)
    local b = breakers.known[key]
    if b then return b end
    local v = redis.call('GET', k_breaker .. key)
    b = v and unpack_breaker(v) or new_breaker()
    b.key = key
    breakers.known[key] = b
    return b
  end

  -- The breaker that outcomes of a message move, if any.
  function breakers.of_message(s)
    if not has_breakers then return nil end
    if settings.scope == SCOPE.QUEUE then return breakers.of('') end
    return s.key ~= '' and breakers.of(s.key) or nil
  end

  -- Marks a message as a probe if the breaker is half-open. Call it before the claim. Returns the message's lease.
  function breakers.claim(s, lease)
    local b = breakers.of_message(s)
    local probe = b ~= nil and b.state == BREAKER.HALF_OPEN
    set_flag(s, FLAG.PROBE, probe)
    if not probe then return lease end
    b.out, b.changed = b.out + 1, true
    return math.min(lease, settings.probe_lease)
  end

  function breakers.flush()
    for key, b in pairs(breakers.known) do
      if b.changed then
        local parts = { write.breaker(b) }
        for at = 0, TENTHS - 1 do parts[at + 2] = write.breaker_tenth { ok = b.ok[at], failed = b.failed[at] } end
        -- Once it has opened, leases from before that must still be recognized.
        local kept = b.opened == 0 and settings.window or math.max(0, b.retry_at - now) + UNUSED_MS
        redis.call('SET', k_breaker .. key, table.concat(parts), 'PX', string.format('%d', kept))
      end
    end
  end

  breakers.build_moves()
  breakers.build_outcomes()
end

-- Opening and closing.
function breakers.build_moves()
  local NO_ID = string.rep('\0', 16)

  function breakers.note(kind, b)
    breakers.moved[b.key] = true
    add_change(kind, NO_ID, { version = 0, state = b.state, reason = 0, qreason = 0, attempts = b.times, delivery = 0,
      due = b.retry_at }, b.key)
  end

  local function reset_counts(b)
    b.in_a_row = 0
    for at = 0, TENTHS - 1 do b.ok[at], b.failed[at] = 0, 0 end
  end

  function breakers.open(b)
    if b.state == BREAKER.CLOSED then b.first, b.times = now, 0 end
    b.state, b.opened, b.changed = BREAKER.OPEN, now, true
    b.times = math.min(b.times + 1, 65535)
    local open_time = settings.open_time * 2 ^ math.min(b.times - 1, 40)
    b.retry_at = now + math.min(open_time, math.max(settings.open_time, settings.max_open_time))
    reset_counts(b)
    rank(k_breakers, b.key, b.first)
    breakers.note(CHANGE.BREAKER_OPENED, b)
  end

  function breakers.close(b)
    b.state, b.times, b.retry_at, b.changed = BREAKER.CLOSED, 0, 0, true
    reset_counts(b)
    rank(k_breakers, b.key, false)
    breakers.note(CHANGE.BREAKER_CLOSED, b)
  end

  -- Returns whether it was not closed.
  function breakers.reset(key)
    local b = breakers.of(key)
    if b.state == BREAKER.CLOSED then return false end
    breakers.close(b)
    return true
  end

  -- How many messages may be handed out now; with 0, when to look again. `leases`: those that are out.
  function breakers.allowed(b, leases)
    if b.state == BREAKER.OPEN and now >= b.retry_at then
      b.state, b.half, b.out, b.won, b.changed = BREAKER.HALF_OPEN, now, 0, 0, true
      breakers.note(CHANGE.BREAKER_HALF_OPENED, b)
    end
    -- Under new settings it may need fewer probes than when they went out.
    if b.state == BREAKER.HALF_OPEN and b.won >= settings.probes then breakers.close(b) end
    if b.state == BREAKER.CLOSED then return math.huge, 0 end
    if b.state == BREAKER.OPEN then return 0, b.retry_at end
    if b.out > leases then b.out, b.changed = leases, true end
    local left = math.max(0, settings.probes - b.out - b.won)
    if left > 0 then return left, 0 end
    -- The outcome of a probe is an event; this finds a probe whose lease ends without one.
    return 0, now + settings.probe_lease
  end
end

-- Deliveries and their outcomes.
function breakers.build_outcomes()
  -- Drops counts that are older than the window. Returns the index of the present tenth.
  local function advance(b)
    local tenth = math.floor(now * TENTHS / settings.window)
    local passed = tenth - b.tenth
    if passed < 0 or passed > TENTHS then passed = TENTHS end
    for step = 0, passed - 1 do
      local at = (tenth - step) % TENTHS
      b.ok[at], b.failed[at] = 0, 0
    end
    b.tenth = tenth
    return tenth % TENTHS
  end

  local function trips(b)
    if settings.in_a_row > 0 and b.in_a_row >= settings.in_a_row then return true end
    local ok, failed = 0, 0
    for at = 0, TENTHS - 1 do ok, failed = ok + b.ok[at], failed + b.failed[at] end
    local all = ok + failed
    -- The ratio is a decimal fraction: 0.1 of 30 must be 3.
    return all >= settings.volume and failed > 0 and failed + 1e-9 * all >= settings.ratio * all
  end

  local function is_probe_of(b, s)
    return b.state == BREAKER.HALF_OPEN and has_flag(s, FLAG.PROBE) and s.since >= b.half
  end

  -- The lease of a probe has ended, with any outcome or none.
  function breakers.probe_ended(s)
    local b = breakers.of_message(s)
    if b and is_probe_of(b, s) then
      b.out, b.changed = math.max(0, b.out - 1), true
      breakers.moved[b.key] = true
    end
  end

  local function count_outcome(b, failed)
    local at = advance(b)
    b.changed = true
    if failed then
      b.failed[at], b.in_a_row = b.failed[at] + 1, b.in_a_row + 1
      if trips(b) then breakers.open(b) end
    else
      b.ok[at], b.in_a_row = b.ok[at] + 1, 0
    end
  end

  -- Counts an outcome that a worker reported. `late`: its lease has expired. Returns whether the failure is exempt: the
  -- message was handed out before the breaker opened.
  function breakers.outcome(s, failed, counts, late)
    local b = breakers.of_message(s)
    if not b then return false end
    if not late and b.opened > 0 and s.since <= b.opened then return failed and counts end
    if b.state == BREAKER.CLOSED then
      if not late and (counts or not failed) then count_outcome(b, failed) end
      return false
    end
    if not late and is_probe_of(b, s) then
      if failed and counts then
        breakers.open(b)
      elseif not failed then
        b.won, b.changed = b.won + 1, true
        if b.won >= settings.probes then breakers.close(b) end
      end
      return false
    end
    return failed and counts
  end

  -- Counts a lease that ended without an outcome. Returns whether the message is exempt.
  function breakers.expired(s)
    local b = breakers.of_message(s)
    if not b or b.state == BREAKER.CLOSED then return false end
    if is_probe_of(b, s) then breakers.open(b) end
    return true
  end
end
