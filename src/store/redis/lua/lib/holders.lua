-- Stream -> what the queue's list of workers says of it, or said when it ended.
local holders = {}

local function holder_of(session)
  if not holders[session] then
    -- Only people read it: a damaged list must not refuse outcomes.
    local entry = redis.pcall('HGET', k_workers, session) or redis.pcall('GET', k_ended_stream .. session)
    holders[session] = type(entry) == 'string' and entry or ''
  end
  return holders[session]
end
