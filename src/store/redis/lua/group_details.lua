-- Reads more of some groups of a partition. Writes nothing.
-- KEYS: partition base
-- ARGV: from, to (of an hour, or of five minutes, since 1970), by_hour; items: digest
-- Reply: four values for each digest: its description, its note, its link, and its failures in each of the times, separated by spaces
local family = by_hour == 1 and p_group_hours or p_group_five_minutes
local digests = { unpack(ARGV, FIRST) }
local numbers, trends = {}, {}
for index, v in ipairs(redis.call('HMGET', p_groups, unpack(digests))) do
  -- No group has the number 0.
  numbers[index], trends[index] = '0', {}
  if v and #v >= GROUP.BYTES then
    local number = read.group(v)
    numbers[index] = string.format('%d', number)
  end
end
for time = from, to do
  local counts = redis.call('HMGET', family .. string.format('%d', time), unpack(numbers))
  for index in ipairs(digests) do
    table.insert(trends[index], counts[index] or '0')
  end
end
local texts, notes = redis.call('HMGET', p_group_descriptions, unpack(digests)), redis.call('HMGET', p_group_notes, unpack(digests))
local links = redis.call('HMGET', p_group_links, unpack(digests))
local replies = {}
for index in ipairs(digests) do
  table.insert(replies, texts[index] or '')
  table.insert(replies, notes[index] or '')
  table.insert(replies, links[index] or '')
  table.insert(replies, table.concat(trends[index], ' '))
end
return replies
