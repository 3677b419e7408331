-- Records in a hash, as records.ts reads them: one a field, and the latest changes.
--
-- Writes a record, or removes it (''), and the change, if the stored record is the one that was seen. Returns whether it is. A user
-- without rights on channels loses the hint, not the change.
local function replace_record(key, name, seen, after, revision)
  if (redis.call('HGET', key, name) or '') ~= seen then return false end
  if after == '' then redis.call('HDEL', key, name) else redis.call('HSET', key, name, after) end
  local latest = {}
  for line in string.gmatch(redis.call('HGET', key, RECORDS.CHANGES) or '', '[^\n]+') do latest[#latest + 1] = line end
  latest[#latest + 1] = revision .. ' ' .. name
  local first = math.max(1, #latest - RECORDS.CHANGES_KEPT + 1)
  redis.call('HSET', key, RECORDS.CHANGES, table.concat(latest, '\n', first), RECORDS.LATEST, latest[#latest])
  redis.pcall('PUBLISH', PREFIX .. ':config', name)
  return true
end
