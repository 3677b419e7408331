-- Acts on messages of one queue for a batch job, and stores what the job has done: both or nothing. A step that was done before is not
-- done again.
-- KEYS: queue base
-- ARGV: action (a number of ACTION), created (when the job was), history_changed (as in tick.lua), outbox_max_bytes, job (its number), before (its progress in this
-- queue; '': none), after (the progress with this step), caller ('': unknown), note, target (the queue of a move), retention (layout
-- `retention`; '': what is removed is not kept), slice (of the job's canary, that the messages belong to; '': none), delivery_settings;
-- items: item (id, layout `job_item`, and for some actions edits)
-- Reply: a number of ACT
local progress_key = k_job .. job
local progress = redis.call('GET', progress_key) or ''
if progress == after then return ACT.DONE end
if progress ~= before then return ACT.TAKEN end
-- What changed before the clock stepped back looks as if it had changed after the job was created, and the other way round.
if now < created then return ACT.BEHIND end

local items, ids = {}, {}
for at = FIRST, #ARGV do
  local arg = ARGV[at]
  local id = string.sub(arg, 1, 16)
  local version, rest = read.job_item(arg, 17)
  items[#items + 1] = { id = id, version = version, edits = #arg >= rest and string.sub(arg, rest) or nil }
  ids[#ids + 1] = id
end
load_states(ids)
for _, item in ipairs(items) do
  local s = load_state(item.id)
  if not s or s.version ~= item.version or is_busy(s) then return ACT.CHANGED end
end

local kept = { keep_deleted = 0 }
if retention ~= '' then
  local values = record.retention(retention)
  kept = values
end

local function remove(id, s, state, counter, kind)
  leave(id, s)
  local is_kept = kept.keep_deleted > 0 and keeping.keep(id, s, { state = state, keep = kept.keep_deleted,
    max = kept.keep_bytes, note = note, holder = '\nj-' .. job .. '\n' .. caller, group = '' })
  forget(id, s, is_kept)
  count(counter)
  if s.source ~= '' then sources.forget(s.source) end
  s.state, s.qreason = state, 0
  add_change(kind, id, s, note)
end

local act = {
  [ACTION.RETRY] = function(id, s, edits)
    if slice ~= '' then canary.add(id, s, job, slice) end
    make_due(id, s, now, caller, note, edits)
    add_change(CHANGE.RETRIED, id, s, note)
  end,
  [ACTION.EDIT] = function(id, s, edits)
    if not edits then return end
    if s.state == STATE.SCHEDULED then
      -- It may have another limiter key then.
      local since = s.since
      leave(id, s)
      write_edits(id, s, edits)
      schedule(id, s, s.due)
      s.since = since
    else
      write_edits(id, s, edits)
    end
    save_state(id, s)
    add_change(CHANGE.EDITED, id, s, note)
  end,
  [ACTION.QUARANTINE] = function(id, s)
    note_lost_delivery(s)
    leave(id, s)
    timeline.add(id, s, { kind = EVENT.QUARANTINED, qreason = QUARANTINE.OPERATOR_REQUEST, who = caller, note = note })
    quarantine(id, s, QUARANTINE.OPERATOR_REQUEST)
    add_change(CHANGE.QUARANTINED, id, s, note)
  end,
  [ACTION.DISCARD] = function(id, s) remove(id, s, STATE.DISCARDED, COUNTER.DISCARDED, CHANGE.DISCARDED) end,
  [ACTION.MOVE] = function(id, s)
    note_lost_delivery(s)
    leave(id, s)
    -- It keeps its due time, or stays in quarantine: there, and here if that queue refuses it.
    local delay = s.due - now
    start_move(id, s, { delay = delay, refused_delay = delay, qreason = s.qreason, refused_qreason = s.qreason, target = target,
      is_by_job = true })
  end,
  [ACTION.PURGE] = function(id, s) remove(id, s, STATE.PURGED, COUNTER.PURGED, CHANGE.PURGED) end,
}
for _, item in ipairs(items) do
  local s = load_state(item.id)
  -- Another job may wait for the outcome of a delivery.
  if s.marks >= MARK.CANARY then canary.leave(item.id, s) end
  act[action](item.id, s, item.edits)
end
finish()
-- Last: Redis takes nothing back if a check before it fails.
redis.call('SET', progress_key, after, 'PX', LIMIT.JOB_KEPT_MS)
return ACT.DONE
