-- One tick of a queue: takes back expired leases, ends lives, hands out due messages to sessions with room, and says when
-- to come again. Bounded work: at most `batch` of each.
-- KEYS: queue base
-- ARGV: claim_number, batch, reply_bytes (of envelopes), silence, grace, isolate_at, crash_loop_at (lease expiries),
-- ttl_discards, lives_until (0: now), lives_from (see lives.lua), retention, paused, paused_until (0: until it is ended),
-- history_changed (when Redis last restarted or failed over; 0: never), journal_max, claimer (the process),
-- delivery_settings; items: session, nonce, count, bytes, lease, can_isolate (1: holds and reserves nothing)
-- Reply: layout `tick`; `lost_lease` for each; `ended_life` for each; then three values for each claim: layout `claim`; the
-- envelope, of an edited message with its edits; the latest failure or ''

-- Each step reads the indexes that the one before has changed.
local has_long_leases = false
if stepped_back then
  has_long_leases = shorten_leases()
  flush_writes()
end
expire_leases()
flush_writes()
flush_ends()
if has_postponed and ahead == 0 then restore_ends() end
end_lives()
flush_writes()
if uses_indirect then bring_back() end
if uses_indirect or (settings and settings.scope > 0) then forget_breakers() end
-- Removes a first entry that has no message: moves are read from there.
local first_moving = has_moves and redis.call('ZRANGE', k_moving, 0, 0)[1]
if first_moving then indexed(k_moving, first_moving, STATE.SCHEDULED) end
local left = queue_allows()
if not fenced and #ARGV >= FIRST and left > 0 then
  local sessions, taken = claim_isolated(open_sessions(), left)
  if #sessions > 0 and left > taken then claim_due(sessions, left - taken) end
  fetch(k_bodies, claimed, function(id, envelope) replies[envelope_at[id]] = envelope or '' end)
  fetch(k_edits, edited, function(id, edits)
    replies[envelope_at[id]] = { replies[envelope_at[id]], edits or '' }
  end)
end
finish()

do
  local function at_head(key) return head_score(key) or 0 end
  local next_end = next_end_of_lives()
  if uses_indirect or key_queues.noted then
    local first_hold = head_score(k_holds) or math.huge
    if first_hold < math.huge and (next_end == 0 or first_hold < next_end) then next_end = first_hold end
  end
  local leases_left = redis.call('ZCARD', k_leases)
  if not has_long_leases and (leases_out > 0 or leases_left > 0) then redis.call('HSET', k_meta, META.LAST_TICK, now) end

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
    next_due = when_free(first_due()),
    next_isolated = when_free(at_head(k_isolated)),
    next_lease = math.ceil(at_head(k_leases)),
    next_end = next_end,
    leases_out = leases_left,
    paused = is_paused and 1 or 0,
    breaker = breaker_state,
    retry_at = retry_at,
    open_breakers = open_breakers,
    first_move = has_moves and at_head(k_moving) or 0,
  }
  table.insert(replies, 2, table.concat(lost))
  table.insert(replies, 3, table.concat(gone))
end
return replies
