-- One step of a queue: takes back expired leases, ends lives, hands out what is due to the sessions
-- that have room, and says when to come again. Bounded work: at most `batch` of each.

-- Each step reads the indexes that the one before has changed.
expire_leases()
flush_writes()
flush_ends()
end_lives()
flush_writes()
if indirect then bring_back() end
if indirect or (rules and rules.scope > 0) then forget_breakers() end
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
  -- When to come again; 0 where there is nothing to wait for.
  local function at_head(key) return head_score(key) or 0 end
  local first_quarantined = retention > 0 and at_head(k_quarantine) or 0
  local first_end = at_head(k_expiry)
  if first_quarantined > 0 and (first_end == 0 or first_quarantined + retention < first_end) then
    first_end = first_quarantined + retention
  end
  if indirect or key_queues.noted then
    local first_hold = head_score(k_holds) or math.huge
    if first_hold < math.huge and (first_end == 0 or first_hold < first_end) then first_end = first_hold end
  end
  local leases_left = redis.call('ZCARD', k_leases)
  if leases_out > 0 or leases_left > 0 then redis.call('HSET', k_meta, 'tended', now) end

  -- While the whole queue waits, so does what is due.
  local still_left, reopens = queue_allows()
  local function when_open(at)
    if still_left > 0 or at == 0 then return at end
    return reopens < math.huge and math.max(at, reopens) or 0
  end
  -- What workers are told of it.
  local is_paused, breaker_state, retry_at, open_breakers = paused_now(), CLOSED, 0, 0
  if rules and rules.scope > 0 then
    open_breakers = redis.call('ZCARD', k_breakers)
    if rules.scope == SCOPE_QUEUE then breaker_state = breakers.of('').state end
    if breaker_state == OPEN then retry_at = breakers.of('').till end
  end
  if is_paused then retry_at = paused_until end
  local limiter = struct.pack('>BBI6I4', is_paused and 1 or 0, breaker_state, retry_at, open_breakers)
  replies[1] = struct.pack('>I6BBI6I6I6I6I4', now, is_deleting and 1 or 0, head_too_large and 1 or 0,
    when_open(first_due()), when_open(at_head(k_isolated)), at_head(k_leases), first_end, leases_left) .. limiter
    .. struct.pack('>I6', tended[6] and at_head(k_moving) or 0)
  table.insert(replies, 2, table.concat(lost))
  table.insert(replies, 3, table.concat(gone))
end
return replies
