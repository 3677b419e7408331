-- What people do to stored messages, by Retry and by batch jobs.

-- Reports whether a worker holds a message, or it is on its way to another queue: then nobody else acts on it.
local function is_busy(s) return s.state == STATE.IN_FLIGHT or s.place == PLACE.MOVING end

-- The note of a change that a person made by hand, `who` by the name of the token.
local function by_person(who) return who == '' and '' or 'by ' .. who end

-- Makes a message due now. A quarantined one gets a new round of attempts, which begins at `round`. `edits`: applied before; nil: none.
local function make_due(id, s, round, who, note, edits)
  note_lost_delivery(s)
  leave(id, s)
  local was_quarantined = s.state == STATE.QUARANTINED
  timeline.add(id, s, { kind = EVENT.RETRIED, began = was_quarantined and s.since or 0, delivery = s.delivery,
    qreason = s.qreason, who = who, note = note })
  if was_quarantined then
    -- The history stays.
    s.attempts, s.expiries, s.releases, s.place = 0, 0, 0, PLACE.DUE
    s.round, s.last_delay = round, 0
    set_flag(s, FLAG.POISONED, false)
    forget_lease(s)
    if s.source ~= '' then sources.forget(s.source) end
    if s.expire > 0 then s.expire = now + s.ttl * 1000 end
  end
  if edits then edit(id, s, edits) end
  schedule(id, s, now)
end

-- Starts a move: nobody can claim the message here any more, and it is not in the other queue yet. `delay` and `qreason` of
-- the outcome apply in the other queue, `refused_delay` and `refused_qreason` here if that queue refuses it. `is_by_job`: no outcome
-- starts it, and the message may move again without a delivery in between.
local function start_move(id, s, o)
  if redis.call('HEXISTS', k_meta, META.DELETING) == 1 then
    -- A late outcome in a queue that is being deleted: the message is deleted with it.
    if o.refused_qreason > 0 then quarantine(id, s, o.refused_qreason) else schedule(id, s, now + o.refused_delay) end
    return
  end
  s.state, s.qreason, s.place, s.due, s.since = STATE.SCHEDULED, 0, PLACE.MOVING, now + o.delay, now
  s.move = write.move_plan(o, { refused_due = now + o.refused_delay }) .. o.target .. (o.is_by_job and '\0' or '')
  if s.order ~= '' then ordering.leave(id, s) end
  -- This server moves it. In case it dies, a tick finds the move.
  note_tend(now + LIMIT.LEFT_BEHIND_MS)
  rank(k_moving, id, now)
  put(k_meta, META.HAS_MOVES, '1')
  count_cell(s, 1)
  save_state(id, s)
end
