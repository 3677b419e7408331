-- One page of the deleted messages that can be brought back, the latest first. Writes nothing.
-- KEYS: queue base
-- ARGV: first, last (when they were deleted), page, states (how they ended, a byte each), after (layout `entry`; '': from the latest)
-- Reply: layout `deleted_page`; then for each layout `listed_deleted` and its state before
local function is_later(a, b)
  if a.score ~= b.score then return a.score > b.score end
  return is_behind(a.id, b.id)
end

-- Adds the latest entries of an index before `to`: ranks below that of the first entry that is not before it.
local function add_page(entries, index)
  local rank_after = redis.call('ZCOUNT', index, '-inf', last)
  if after ~= '' then rank_after = math.min(rank_after, count_before(index, after, false)) end
  if rank_after == 0 then return end
  local from = math.max(0, rank_after - page)
  local found = redis.call('ZRANGE', index, from, rank_after - 1, 'WITHSCORES')
  for at = 1, #found, 2 do
    local score = tonumber(found[at + 1])
    if score >= first then entries[#entries + 1] = { id = found[at], score = score } end
  end
end

local total, entries = 0, {}
for at = 1, #states do
  local index = deleted.index_of(string.byte(states, at))
  total = total + redis.call('ZCOUNT', index, first, last)
  add_page(entries, index)
end
table.sort(entries, is_later)

local replies = { write.deleted_page { now = now, total = total } }
for at = 1, math.min(page, #entries) do
  local id = entries[at].id
  local v = redis.call('HGET', k_deleted_facts, id)
  local is_sound, facts, _, state_at = pcall(deleted.read, v or '')
  if is_sound then
    replies[#replies + 1] = write.listed_deleted(facts, { id = id })
    replies[#replies + 1] = string.sub(v, state_at)
  end
end
return replies
