-- Collects writes and sends them together, one command a key: calls to Redis are most of what a script costs. The last
-- write of a field or member wins. load_state sees states that are not written yet. Before any other read of what this
-- script may have written, call flush_writes.
--
-- Redis takes nothing back when a script meets a key of the wrong type. So the types of all keys are checked before the
-- first of these writes: a script changes a message wholly or not at all. What it may write before stands by itself: arrivals
-- that it takes, a name in the list of queues, a dedup key whose message does not exist, the last claim, the last number of a
-- group.
local flush_writes, first_member, put, rank

-- Keys that are written in other ways, after flush_writes, beside the counters.
local checked_sorted_sets, checked_hashes = {}, {}

do
  -- By key: flat lists of what is set, and sets of what is removed.
  local fields, removed_fields, scores, removed_members = {}, {}, {}, {}
  -- How many of the first members of a sorted set are removed, as far as is known.
  local skipped = {}
  local has_writes, has_checked = false, false
  -- A command takes its arguments from Lua's stack, which holds 8,000 values.
  local ARGUMENTS_MAX = 4000

  -- An intersection looks at the types of all keys. It is empty, because the base never exists, and costs nothing else.
  local function check_sorted_sets()
    local keys = checked_sorted_sets
    for key in pairs(scores) do keys[#keys + 1] = key end
    for key in pairs(removed_members) do keys[#keys + 1] = key end
    for at = 1, #keys, ARGUMENTS_MAX do
      local last = math.min(at + ARGUMENTS_MAX - 1, #keys)
      redis.call('ZINTERCARD', last - at + 2, BASE, unpack(keys, at, last))
    end
    checked_sorted_sets = {}
  end

  local function check_hashes()
    for _, key in ipairs(checked_hashes) do redis.call('HLEN', key) end
    for key in pairs(fields) do redis.call('HLEN', key) end
    for key in pairs(removed_fields) do redis.call('HLEN', key) end
    if not has_checked then redis.call('HLEN', k_counters) end
    checked_hashes, has_checked = {}, true
  end

  local function write_list(command, key, list)
    for at = 1, list.n, ARGUMENTS_MAX do
      redis.call(command, key, unpack(list, at, math.min(at + ARGUMENTS_MAX - 1, list.n)))
    end
  end

  local function write_set(command, key, set)
    local list, n = {}, 0
    for name in pairs(set) do
      n = n + 1
      list[n] = name
    end
    list.n = n
    write_list(command, key, list)
  end

  function flush_writes()
    if not has_writes then return end
    check_sorted_sets()
    check_hashes()
    for key, list in pairs(scores) do write_list('ZADD', key, list) end
    for key, list in pairs(fields) do write_list('HSET', key, list) end
    for key, set in pairs(removed_fields) do write_set('HDEL', key, set) end
    for key, set in pairs(removed_members) do write_set('ZREM', key, set) end
    fields, removed_fields, scores, removed_members, skipped = {}, {}, {}, {}, {}
    has_writes = false
  end

  -- Returns the first member of a sorted set, with what is not written yet. Scores of its members never change.
  function first_member(key)
    local removed, added = removed_members[key] or {}, scores[key] or { n = 0 }
    local first, score
    for at = 1, added.n, 2 do
      if not removed[added[at + 1]] and (not first or added[at] < score) then score, first = added[at], added[at + 1] end
    end
    while true do
      local at = skipped[key] or 0
      local stored = redis.call('ZRANGE', key, at, at, 'WITHSCORES')
      if not stored[1] then return first end
      if not removed[stored[1]] then return first and score < tonumber(stored[2]) and first or stored[1] end
      skipped[key] = at + 1
    end
  end

  -- Sets a field of a hash; with false deletes it.
  function put(key, field, value)
    has_writes = true
    local removed = removed_fields[key]
    if not value then
      if not removed then
        removed = {}
        removed_fields[key] = removed
      end
      removed[field] = true
      return
    end
    if removed then removed[field] = nil end
    local list = fields[key]
    if not list then
      list = { n = 0 }
      fields[key] = list
    end
    local n = list.n
    list[n + 1], list[n + 2] = field, value
    list.n = n + 2
  end

  -- Sets the score of a member of a sorted set; with false removes the member.
  function rank(key, member, score)
    has_writes = true
    local removed = removed_members[key]
    if not score then
      if not removed then
        removed = {}
        removed_members[key] = removed
      end
      removed[member] = true
      return
    end
    if removed then removed[member] = nil end
    local list = scores[key]
    if not list then
      list = { n = 0 }
      scores[key] = list
    end
    local n = list.n
    list[n + 1], list[n + 2] = score, member
    list.n = n + 2
  end
end
