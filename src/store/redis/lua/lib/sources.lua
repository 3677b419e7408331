-- Sends of each source within the poison window, counted from its first one. Sources are spread over hashes by their
-- digest: one key for each would cost ten times the memory, and most of the time that Redis takes to load its data.
-- A hash expires after one or two windows without a new source.
local SOURCE_HASHES = 16384
-- One of so many new sources of a hash makes it look at that many entries, and drop those whose window is over: a
-- hash that is always in use stays bounded.
local SWEEP_ONE_IN, SWEEP_LOOKS = 16, 40

local sources = lazy({})

function sources.build()
  local function sources_of(source)
    return k_sources .. struct.unpack('>H', source) % SOURCE_HASHES
  end

  -- Entries that this script has changed, by source; hashes that have a new one, with the window.
  local changed, new_sources = {}, {}

  -- Counts a send. Returns the sends of the source within its window, this one included.
  function sources.count(source, window)
    local key = sources_of(source)
    local known = changed[source]
    if not known then
      local v = redis.call('HGET', key, source)
      if v then
        local sends, first = read.source(v)
        known = { sends = sends, first = first }
        if now - known.first >= window then known = nil end
      else
        new_sources[key] = window
      end
      if not known then known = { sends = 0, first = now } end
      changed[source] = known
    end
    known.sends = u16(known.sends + 1)
    put(key, source, write.source(known))
    return known.sends
  end

  function sources.forget(source)
    changed[source] = nil
    put(sources_of(source), source, false)
  end

  local function sweep(key, window)
    local some = redis.call('HRANDFIELD', key, SWEEP_LOOKS, 'WITHVALUES')
    local over = {}
    for at = 1, #some, 2 do
      local first = read.source(some[at + 1])
      if now - first >= window then over[#over + 1] = some[at] end
    end
    if #over > 0 then redis.call('HDEL', key, unpack(over)) end
  end

  -- After flush_writes.
  function sources.flush()
    local n = 0
    for key, window in pairs(new_sources) do
      n = n + 1
      if redis.call('PTTL', key) < window then redis.call('PEXPIRE', key, 2 * window) end
      if (now + n) % SWEEP_ONE_IN == 0 then sweep(key, window) end
    end
  end
end
