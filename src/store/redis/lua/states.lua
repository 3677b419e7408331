-- Reads the states of all messages of `chunks` chunks, in order of their numbers from `from` on. Writes nothing.
-- KEYS: queue base
-- ARGV: from, chunks, descending (1: from `from` down)
-- Reply: layout `statesPage`; then for each chunk its number, and its ids and states, alternating
local numbers = descending == 1
  and redis.call('ZREVRANGEBYSCORE', k_chunks, from, '-inf', 'LIMIT', 0, chunks + 1)
  or redis.call('ZRANGEBYSCORE', k_chunks, from, '+inf', 'LIMIT', 0, chunks + 1)
local replies = { write.states_page { now = now, more = #numbers > chunks and 1 or 0 } }
for at = 1, math.min(#numbers, chunks) do
  replies[#replies + 1] = numbers[at]
  replies[#replies + 1] = redis.call('HGETALL', states_of(numbers[at]))
end
return replies
