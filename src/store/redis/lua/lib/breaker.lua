-- Circuit breakers, moved by outcomes alone: one for the queue, or one for each key. What is counted
-- is in tenths of the window, so that forgetting costs nothing.
local CLOSED, OPEN, HALF_OPEN = 0, 1, 2
local TENTHS = 10
-- B state  I6 first opened  I6 opened  I6 until  I6 half-open since  H times opened  H probes out
-- H probes succeeded  I4 failures in a row  I6 number of the present tenth; then ten times
-- I4 successes, I4 failures.
local BREAKER_FORMAT = '>BI6I6I6I6HHHI4I6'
-- An open breaker that nothing moves any more is forgotten after this.
local FORGOTTEN_MS = 86400000

local breakers = lazy({})

function breakers.build()
  -- By key. `moved`: limiters that this script has opened or closed; what waits behind them comes back at its end.
  breakers.known, breakers.moved = {}, {}

  local function new_breaker()
    local b = { state = CLOSED, first = 0, opened = 0, till = 0, half = 0, times = 0, out = 0, won = 0, in_a_row = 0,
      tenth = 0, ok = {}, failed = {} }
    for at = 0, TENTHS - 1 do b.ok[at], b.failed[at] = 0, 0 end
    return b
  end

  function breakers.of(key)
    local b = breakers.known[key]
    if b then return b end
    b = new_breaker()
    local v = redis.call('GET', k_breaker .. key)
    if v then
      local at
      b.state, b.first, b.opened, b.till, b.half, b.times, b.out, b.won, b.in_a_row, b.tenth, at =
        struct.unpack(BREAKER_FORMAT, v)
      for tenth = 0, TENTHS - 1 do
        b.ok[tenth], b.failed[tenth], at = struct.unpack('>I4I4', v, at)
      end
      -- A clock that has jumped back must not keep it open for as long, nor make strangers of its probes.
      if b.opened > now then b.till, b.opened, b.changed = math.max(0, b.till - b.opened + now), now, true end
      if b.half > now then b.half, b.changed = now, true end
    end
    b.key = key
    breakers.known[key] = b
    return b
  end

  -- The one that a message's outcome moves, if any.
  function breakers.of_message(s)
    if not has_breakers then return nil end
    if rules.scope == SCOPE_QUEUE then return breakers.of('') end
    return s.key ~= '' and breakers.of(s.key) or nil
  end

  local NOBODY_ID = string.rep('\0', 16)

  local function report_to_breaker(kind, b)
    breakers.moved[b.key] = true
    journal(kind, NOBODY_ID, { state = b.state, reason = 0, qreason = 0, attempts = b.times, delivery = 0, due = b.till },
      b.key)
  end

  local function forget_counts(b)
    b.in_a_row = 0
    for at = 0, TENTHS - 1 do b.ok[at], b.failed[at] = 0, 0 end
  end

  local function open_breaker(b)
    if b.state == CLOSED then b.first, b.times = now, 0 end
    b.state, b.opened, b.changed = OPEN, now, true
    b.times = math.min(b.times + 1, 65535)
    b.till = now + math.min(rules.open_time * 2 ^ math.min(b.times - 1, 40), math.max(rules.open_time, rules.max_open_time))
    forget_counts(b)
    rank(k_breakers, b.key, b.first)
    report_to_breaker('breaker_opened', b)
  end

  local function close_breaker(b)
    b.state, b.times, b.till, b.changed = CLOSED, 0, 0, true
    forget_counts(b)
    rank(k_breakers, b.key, false)
    report_to_breaker('breaker_closed', b)
  end

  -- Drops what is older than the window.
  local function pass_time(b)
    local tenth = math.floor(now * TENTHS / rules.window)
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
    if rules.in_a_row > 0 and b.in_a_row >= rules.in_a_row then return true end
    local ok, failed = 0, 0
    for at = 0, TENTHS - 1 do ok, failed = ok + b.ok[at], failed + b.failed[at] end
    local all = ok + failed
    -- The share is a decimal fraction: 0.1 of 30 must be 3.
    return all >= rules.volume and failed > 0 and failed + 1e-9 * all >= rules.ratio * all
  end

  local function is_probe_of(b, s)
    return b.state == HALF_OPEN and has_flag(s, FLAG_PROBE) and s.since >= b.half
  end

  -- The lease of a probe has ended, whatever came of it.
  function breakers.probe_ended(s)
    local b = breakers.of_message(s)
    if b and is_probe_of(b, s) then
      b.out, b.changed = math.max(0, b.out - 1), true
      breakers.moved[b.key] = true
    end
  end

  -- An outcome that a worker reported, of a message that is still in flight or `late`. True: the
  -- failure says nothing of the message, since it was handed out before the breaker opened.
  function breakers.outcome(s, failed, counts, late)
    local b = breakers.of_message(s)
    if not b then return false end
    if not late and b.opened > 0 and s.since <= b.opened then return failed and counts end
    if b.state == CLOSED then
      if late or (failed and not counts) then return false end
      local at = pass_time(b)
      b.changed = true
      if failed then
        b.failed[at], b.in_a_row = b.failed[at] + 1, b.in_a_row + 1
        if trips(b) then open_breaker(b) end
      else
        b.ok[at], b.in_a_row = b.ok[at] + 1, 0
      end
      return false
    end
    if not late and is_probe_of(b, s) then
      if failed and counts then
        open_breaker(b)
      elseif not failed then
        b.won, b.changed = b.won + 1, true
        if b.won >= rules.probes then close_breaker(b) end
      end
      return false
    end
    return failed and counts
  end

  -- A lease ended without an outcome. True: that is not to be counted against the message.
  function breakers.expired(s)
    local b = breakers.of_message(s)
    if not b or b.state == CLOSED then return false end
    if is_probe_of(b, s) then open_breaker(b) end
    return true
  end

  -- How many messages may be handed out now; with 0, when to look again. `leases`: those that are out.
  function breakers.allowed(b, leases)
    if b.state == OPEN and now >= b.till then
      b.state, b.half, b.out, b.won, b.changed = HALF_OPEN, now, 0, 0, true
      report_to_breaker('breaker_half_opened', b)
    end
    -- It may need fewer than when its probes went out.
    if b.state == HALF_OPEN and b.won >= rules.probes then close_breaker(b) end
    if b.state == CLOSED then return math.huge, 0 end
    if b.state == OPEN then return 0, b.till end
    if b.out > leases then b.out, b.changed = leases, true end
    -- The end of a probe is an event; that its lease ends is looked at by itself.
    return math.max(0, rules.probes - b.out - b.won), now + rules.probe_lease
  end

  -- Before the message is claimed: its lease, as a probe if it is one.
  function breakers.claim(s, lease)
    local b = breakers.of_message(s)
    local probe = b ~= nil and b.state == HALF_OPEN
    set_flag(s, FLAG_PROBE, probe)
    if not probe then return lease end
    b.out, b.changed = b.out + 1, true
    return math.min(lease, rules.probe_lease)
  end

  function breakers.reset(key)
    local b = breakers.of(key)
    if b.state == CLOSED then return false end
    close_breaker(b)
    return true
  end

  function breakers.flush()
    for key, b in pairs(breakers.known) do
      if b.changed then
        local parts = { struct.pack(BREAKER_FORMAT, b.state, b.first, b.opened, b.till, b.half, b.times, b.out,
          b.won, b.in_a_row, b.tenth) }
        for at = 0, TENTHS - 1 do parts[at + 2] = struct.pack('>I4I4', b.ok[at], b.failed[at]) end
        -- Once it has opened, it must know leases from before that.
        local kept = b.opened == 0 and rules.window or math.max(0, b.till - now) + FORGOTTEN_MS
        redis.call('SET', k_breaker .. key, table.concat(parts), 'PX', string.format('%d', kept))
      end
    end
  end
end
