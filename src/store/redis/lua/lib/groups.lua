-- Groups of messages whose latest failures are alike, in the partition of their queues. The states of its messages have the
-- number of their group. Groups are for people: damaged ones refuse no message, and no outcome.
local groups = lazy({})

-- How many messages have come less how many have left, by number of their group.
local group_deltas = {}

local function leave_group(s)
  if s.group > 0 then group_deltas[s.group] = (group_deltas[s.group] or 0) - 1 end
end

local function flush_group_counts()
  for number, by in pairs(group_deltas) do
    local field = write.group_number { number = number } .. QUEUE
    local after = by ~= 0 and redis.pcall('HINCRBY', p_group_counts, field, string.format('%d', by))
    if type(after) == 'number' and after <= 0 then redis.call('HDEL', p_group_counts, field) end
  end
  group_deltas = {}
end

-- Returns the next number that no group has; GROUP.OTHER: the next ones are taken; nil: the data is damaged. There are more than
-- eight thousand times as many numbers as groups, so a free one is near.
local function new_number()
  for _ = 1, 100 do
    local given = redis.pcall('HINCRBY', p_meta, PARTITION_META.GROUPS, 1)
    if type(given) ~= 'number' then return nil end
    local number = (given - 1) % (GROUP.NONE - 1) + 1
    if number == given or redis.pcall('HEXISTS', p_group_digests, string.format('%d', number)) == 0 then return number end
  end
  return GROUP.OTHER
end

local function count_in(family, size, kept, group)
  local key = family .. string.format('%d', math.floor(now / size))
  local counted = redis.pcall('HINCRBY', key, string.format('%d', group.number), group.failures)
  if counted == group.failures then redis.call('PEXPIRE', key, kept) end
end

local function note_group(kind, digest, group)
  add_change(kind, group.first_id, group.first_failed, string.format(string.rep('%02x', 16), string.byte(digest, 1, 16)))
end

local function count_failures(digest, group)
  group.total, group.last = group.total + group.failures, now
  if group.is_new then note_group(CHANGE.GROUP_OPENED, digest, group) end
  if group.status == GROUP.RESOLVED and group.regressed == 0 then
    group.regressed = now
    note_group(CHANGE.GROUP_REGRESSED, digest, group)
  end
  count_in(p_group_five_minutes, GROUP.FIVE_MINUTES_MS, GROUP.FIVE_MINUTES_KEPT_MS, group)
  count_in(p_group_hours, GROUP.HOUR_MS, GROUP.HOURS_KEPT_MS, group)
end

function groups.build()
  -- Groups by digest, with the failures that this script has counted. Those without a record have all that found no place.
  local met = {}

  local function new_group()
    local groups_now = redis.pcall('HLEN', p_groups)
    if type(groups_now) ~= 'number' then return { number = 0 } end
    local number = groups_now < LIMIT.GROUPS and new_number() or GROUP.OTHER
    if type(number) ~= 'number' then return { number = 0 } end
    if number == GROUP.OTHER then return { number = number } end
    return { number = number, status = GROUP.OPEN, first = now, last = now, total = 0, changed = 0, regressed = 0,
      has_record = true, is_new = true }
  end

  local function read_record(v)
    local group, rest = record.group(v)
    group.latest, group.queue = string.sub(v, rest, rest + 15), string.sub(v, rest + 17)
    return group
  end

  local function load_group(digest)
    local v = redis.pcall('HGET', p_groups, digest)
    if not v then return new_group() end
    local is_sound, group = pcall(read_record, v)
    if not is_sound then return { number = 0 } end
    group.has_record = true
    return group
  end

  local function meet(given)
    local digest = string.sub(given, 1, 16)
    local group = met[digest]
    if not group then
      group = load_group(digest)
      group.failures = 0
      met[digest] = group
    end
    if #given > 16 then group.text = string.sub(given, 17) end
    return group
  end

  -- Most messages of a script have the same failure.
  local latest_given, latest_group

  -- Puts the message into the group of its latest failure. `given`: the digest, and behind it maybe a description. `failures`: how many it is, 0 for a message that moved here.
  function groups.enter(id, s, given, failures)
    if given == '' then return end
    if given ~= latest_given then latest_group, latest_given = meet(given), given end
    local group = latest_group
    if failures > 0 and group.failures == 0 then group.first_id, group.first_failed = id, s end
    group.failures, group.latest = group.failures + failures, id
    if s.group == group.number then return end
    leave_group(s)
    s.group = group.number
    if s.group > 0 then group_deltas[s.group] = (group_deltas[s.group] or 0) + 1 end
  end

  -- After flush_writes, before flush_changes.
  function groups.flush()
    for digest, group in pairs(met) do
      if group.has_record then
        group.queue = QUEUE
        if group.failures > 0 then count_failures(digest, group) end
        if group.is_new then redis.pcall('HSET', p_group_digests, string.format('%d', group.number), digest) end
        redis.pcall('HSET', p_groups, digest, write.group(group) .. write.group_latest(group))
        if group.text then redis.pcall('HSET', p_group_descriptions, digest, group.text) end
      end
    end
    met, latest_given = {}, nil
  end
end
