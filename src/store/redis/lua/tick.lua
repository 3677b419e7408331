-- One tick of a queue: takes back expired leases, ends lives, hands out due messages to sessions with room, and says when
-- to come again. Bounded work: at most `batch` of each.
-- KEYS: queue base
-- ARGV: claim_number, batch, reply_bytes (of envelopes), grace, isolate_at, crash_loop_at (lease expiries),
-- ttl_discards, lives_until (0: now), lives_from (see lives.lua), retention, paused, paused_until (0: until it is ended),
-- history_changed (when Redis last restarted or failed over; 0: never), outbox_max_bytes, claimer (the process),
-- deleted_retention (layout `retention`: how long deleted messages are kept),
-- delivery_settings; items: session, nonce, count, bytes, lease, can_isolate (1: holds and reserves nothing)
-- Reply: layout `tick`; `lost_lease` for each; `ended_life` for each; then three values for each claim: layout `claim`; the
-- envelope, of an edited message with its edits; the latest failure or ''

-- Each step reads the indexes that the one before has changed. What it has done stays if a later one meets damaged data.
local function end_step()
  flush_writes()
  flush_counters()
  flush_changes(outbox_max_bytes, history_changed)
end

local has_long_leases = false
if tending.steps_back > 0 and leases_out > 0 then
  has_long_leases = shorten_leases()
  end_step()
end
expire_leases()
end_step()
flush_ends()
if has_postponed and ahead == 0 then restore_ends() end
end_lives()
end_step()
if uses_indirect then bring_back() end
if uses_indirect or (settings and settings.scope > 0) then forget_breakers() end
-- Removes a first entry that has no message: moves are read from there.
local first_moving = has_moves and redis.call('ZRANGE', k_moving, 0, 0)[1]
if first_moving then indexed(k_moving, first_moving, STATE.SCHEDULED) end
local left = queue_allows()
if not fenced and #ARGV >= FIRST and left > 0 then
  local sessions, taken = claim_isolated(open_sessions(), left)
  if #sessions > 0 and left > taken then claim_due(sessions, left - taken) end
  -- For `abandon`, in case this reply is lost.
  if #claimed > 0 then redis.call('SET', k_claims .. claimer, table.concat(claimed), 'PX', longest_lease + grace) end
  fetch(k_bodies, claimed, function(id, envelope) replies[envelope_at[id]] = envelope or '' end)
  fetch(k_edits, edited, function(id, edits)
    replies[envelope_at[id]] = { replies[envelope_at[id]], edits or '' }
  end)
end
finish()

local AHEAD_LOOK_MS = 300000

do
  local function at_head(key) return head_score(key) or 0 end
  local next_end = next_end_of_lives()
  if uses_indirect or key_queues.noted then
    local first_hold = head_score(k_holds) or math.huge
    -- If the queue no longer holds keys, the next tick ends the rest.
    local is_holding = settings and settings.ordering == ORDERING.HOLD
    if not is_holding and redis.call('EXISTS', k_holds) == 1 then first_hold = now end
    if first_hold < math.huge and (next_end == 0 or first_hold < next_end) then next_end = first_hold end
  end
  local leases_left, next_lease = redis.call('ZCARD', k_leases), math.ceil(at_head(k_leases))
  if leases_out > 0 or leases_left > 0 then tending.note() end

  -- The true times of the queue in the wake-up indexes.
  local function write_time(index, at)
    if at > 0 then redis.call('ZADD', index, at, QUEUE) else redis.call('ZREM', index, QUEUE) end
    return at
  end
  local function soonest(first, second) return first == 0 and second or second == 0 and first or math.min(first, second) end
  local first_move = has_moves and at_head(k_moving) or 0
  local tend_at = soonest(next_lease, next_end)
  -- A server that sees a late move or a deletion needs time to finish it.
  local next_late = first_move + LIMIT.LEFT_BEHIND_MS
  if first_move > 0 then tend_at = soonest(tend_at, next_late > now and next_late or now + LIMIT.LEFT_BEHIND_MS) end
  -- While the clock is ahead, lives and retentions end later. When the step no longer counts, they end at once, which only a
  -- tick finds.
  if ahead > 0 and next_end > 0 then tend_at = soonest(tend_at, now + AHEAD_LOOK_MS) end
  if is_deleting then tend_at = now + LIMIT.LEFT_BEHIND_MS end
  if has_long_leases or check_cursor then tend_at = now end
  write_time(p_tend, tend_at)
  local next_due = write_time(p_ready, is_deleting and 0 or first_due())
  local next_isolated = write_time(p_isolated, is_deleting and 0 or at_head(k_isolated))

  -- While the whole queue is blocked, so is what is due.
  local still_left, check_at = queue_allows()
  local function when_free(at)
    if still_left > 0 or at == 0 then return at end
    return check_at < math.huge and math.max(at, check_at) or 0
  end
  local is_paused, breaker_state, retry_at, open_breakers = paused_now(), BREAKER.CLOSED, 0, 0
  if settings and settings.scope > 0 then
    open_breakers = redis.call('ZCARD', k_breakers)
    if settings.scope == SCOPE.QUEUE then breaker_state = breakers.of('').state end
    if breaker_state == BREAKER.OPEN then retry_at = breakers.of('').retry_at end
  end
  if is_paused then retry_at = paused_until end
  replies[1] = write.tick {
    now = now,
    deleting = is_deleting and 1 or 0,
    head_too_large = head_too_large and 1 or 0,
    next_due = when_free(next_due),
    next_isolated = when_free(next_isolated),
    next_lease = next_lease,
    next_end = next_end,
    tend_at = tend_at,
    leases_out = leases_left,
    paused = is_paused and 1 or 0,
    breaker = breaker_state,
    retry_at = retry_at,
    open_breakers = open_breakers,
    first_move = first_move,
  }
  table.insert(replies, 2, table.concat(lost))
  table.insert(replies, 3, table.concat(gone))
end
return replies
