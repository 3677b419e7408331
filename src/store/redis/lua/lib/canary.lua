-- Outcomes of the messages of a canary (batch_job.proto), counted by the scripts that store them. They are for a batch job that waits:
-- damaged ones refuse no outcome.
--
-- `watched`: by id, the batch job and the slice that a message is added to, with `:` between them; false: its wait is over.
-- `added`: by batch job and slice, what is added to the counts; `groups`: the failures by the number of their group.
local canary = lazy({ watched = {}, added = {} })

function canary.build()
  -- What a change says of a message; other changes are no outcome.
  local OUTCOME_OF = {
    [CHANGE.SUCCEEDED] = SLICE.SUCCEEDED,
    [CHANGE.FAILED] = SLICE.FAILED,
    [CHANGE.QUARANTINED] = SLICE.FAILED,
    [CHANGE.DISCARDED] = SLICE.FAILED,
    [CHANGE.EXPIRED_TTL] = SLICE.OTHER,
    [CHANGE.EXPIRED_RETENTION] = SLICE.OTHER,
    [CHANGE.PURGED] = SLICE.OTHER,
    [CHANGE.MOVED_OUT] = SLICE.OTHER,
  }

  local function add_one(counts, field) counts[field] = (counts[field] or 0) + 1 end

  local function counts_of(slice)
    local counts = canary.added[slice]
    if not counts then
      counts = { groups = {} }
      canary.added[slice] = counts
    end
    return counts
  end

  -- Adds a message to a slice of a batch job. Call it before its state is saved.
  function canary.add(id, s, job, slice)
    if not has_mark(s, MARK.CANARY) then s.marks = s.marks + MARK.CANARY end
    canary.watched[id] = job .. ':' .. slice
    add_one(counts_of(canary.watched[id]), SLICE.MESSAGES)
  end

  local function end_wait(id, s, outcome)
    local slice = canary.watched[id]
    if slice == nil then slice = redis.pcall('HGET', k_canary, id) end
    if type(slice) ~= 'string' then return end
    canary.watched[id] = false
    local counts = counts_of(slice)
    add_one(counts, outcome)
    if outcome == SLICE.FAILED and s.group > 0 then add_one(counts.groups, s.group) end
  end

  -- A message of a slice changes in another way than by an outcome.
  function canary.leave(id, s) end_wait(id, s, SLICE.OTHER) end

  -- Call it for each change of a message with the mark.
  function canary.note(kind, id, s)
    local outcome = OUTCOME_OF[kind]
    -- Its lease expired too often.
    if kind == CHANGE.LEASE_EXPIRED and s.state == STATE.QUARANTINED then outcome = SLICE.FAILED end
    if outcome then end_wait(id, s, outcome) end
  end

  canary.build_writes()
end

function canary.build_writes()
  local function write_watched()
    for id, slice in pairs(canary.watched) do
      if slice then
        redis.pcall('HSET', k_canary, id, slice)
      else
        redis.pcall('HDEL', k_canary, id)
      end
    end
    if next(canary.watched) then redis.pcall('PEXPIRE', k_canary, LIMIT.JOB_KEPT_MS) end
  end

  local function write_failures(key, slice, by_group)
    for number, by in pairs(by_group) do
      local digest = redis.pcall('HGET', p_group_digests, string.format('%d', number))
      if type(digest) == 'string' then
        local hex = string.format(string.rep('%02x', 16), string.byte(digest, 1, 16))
        redis.pcall('HINCRBY', key, slice .. ':' .. SLICE.GROUP .. hex, by)
      end
    end
  end

  -- After the groups are stored.
  function canary.flush()
    write_watched()
    for name, counts in pairs(canary.added) do
      local job, slice = string.match(name, '^(%d+):(%d+)$')
      if job then
        local key = k_slices .. job
        write_failures(key, slice, counts.groups)
        counts.groups = nil
        for field, by in pairs(counts) do redis.pcall('HINCRBY', key, slice .. ':' .. field, by) end
        redis.pcall('PEXPIRE', key, LIMIT.JOB_KEPT_MS)
      end
    end
    canary.watched, canary.added = {}, {}
  end
end
