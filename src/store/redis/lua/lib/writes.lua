-- Writes gather here and go out together, one command a key: calls are most of what a script
-- costs. The last write of a field or member holds. States are read back through load_state;
-- whoever else reads what this script may have written calls flush_writes first.
local hashes, indexes, gathered = {}, {}, 0
-- A command takes its arguments from Lua's stack, which holds 8,000 values.
local GATHERED_MAX = 2000

local function flush_writes()
  for key, fields in pairs(hashes) do
    local sets, deletes = {}, {}
    for field, value in pairs(fields) do
      if value then
        sets[#sets + 1] = field
        sets[#sets + 1] = value
      else
        deletes[#deletes + 1] = field
      end
    end
    if #sets > 0 then redis.call('HSET', key, unpack(sets)) end
    if #deletes > 0 then redis.call('HDEL', key, unpack(deletes)) end
  end
  for key, members in pairs(indexes) do
    local adds, removes = {}, {}
    for member, score in pairs(members) do
      if score then
        adds[#adds + 1] = score
        adds[#adds + 1] = member
      else
        removes[#removes + 1] = member
      end
    end
    if #adds > 0 then redis.call('ZADD', key, unpack(adds)) end
    if #removes > 0 then redis.call('ZREM', key, unpack(removes)) end
  end
  hashes, indexes, gathered = {}, {}, 0
end

local function gather(writes, key, name, value)
  local of_key = writes[key]
  if not of_key then
    of_key = {}
    writes[key] = of_key
  end
  of_key[name] = value
  gathered = gathered + 1
  if gathered >= GATHERED_MAX then flush_writes() end
end

-- A field of a hash; false: none.
local function put(key, field, value) gather(hashes, key, field, value) end

-- A member of a sorted set; false: none.
local function rank(key, member, score) gather(indexes, key, member, score) end
