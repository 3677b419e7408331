-- Timelines of messages: what happened to them beside failures and edits. An entry is the layout `timeline_entry` behind its
-- length in two bytes; the oldest are dropped. Timelines are for people: damaged ones refuse no message, and no outcome.
--
-- `written`: by chunk and id, the entries that this script writes; false: they are removed.
local timeline = lazy({ written = {} })

function timeline.build()
  -- Whether the chunks that this script has looked at are hashes.
  local are_hashes = {}

  local function is_hash(chunk)
    if are_hashes[chunk] == nil then
      are_hashes[chunk] = type(redis.pcall('HLEN', k_timeline .. chunk)) == 'number'
    end
    return are_hashes[chunk]
  end

  -- Returns the entries of a message; '': there are none; nil: its chunk of timelines is damaged.
  local function stored(id, s)
    local chunk = chunk_of(id)
    local own = timeline.written[chunk]
    if own and own[id] then return own[id] end
    if not is_hash(chunk) then return nil end
    return has_mark(s, MARK.TIMELINE) and redis.call('HGET', k_timeline .. chunk, id) or ''
  end

  -- Returns entries with a further one. Throws if they are damaged.
  local function append(entries, entry)
    local starts, at = {}, 1
    while at <= #entries do
      starts[#starts + 1] = at
      at = at + 2 + struct.unpack('>H', entries, at)
    end
    if at > #entries + 1 then error('a timeline ends early') end
    local first = math.max(1, #starts - LIMIT.TIMELINE_ENTRIES + 2)
    while starts[first] and #entries - starts[first] + 1 + #entry > LIMIT.TIMELINE_BYTES do first = first + 1 end
    return (starts[first] and string.sub(entries, starts[first]) or '') .. entry
  end

  local PLAIN_ENTRY = { __index = { began = 0, delivery = 0, qreason = 0, holder = '', who = '', note = '' } }

  -- Adds an event to a message. Call it before the state of the message is saved. `event`: a table of some of the fields of
  -- `timeline_entry`.
  function timeline.add(id, s, event)
    local before = stored(id, s)
    if not before then return end
    setmetatable(event, PLAIN_ENTRY)
    local packed = write.timeline_entry(event, { at = now })
    local entry = struct.pack('>H', #packed) .. packed
    local is_sound, entries = pcall(append, before, entry)
    timeline.carry(id, s, is_sound and entries or entry)
  end

  -- Returns the entries of a message, as far as they can be read.
  function timeline.of(id, s)
    return has_mark(s, MARK.TIMELINE) and stored(id, s) or ''
  end

  timeline.build_writes()
end

function timeline.build_writes()
  local function put_later(id, entries)
    local chunk = chunk_of(id)
    local own = timeline.written[chunk]
    if not own then
      own = {}
      timeline.written[chunk] = own
    end
    own[id] = entries
  end

  -- Gives a message these entries, such as those that it had in another queue. Call it before its state is saved.
  function timeline.carry(id, s, entries)
    if entries == '' then return end
    if not has_mark(s, MARK.TIMELINE) then s.marks = s.marks + MARK.TIMELINE end
    put_later(id, entries)
  end

  function timeline.remove(id)
    put_later(id, false)
  end

  -- After flush_writes.
  function timeline.flush()
    for chunk, own in pairs(timeline.written) do
      local set, removed = {}, {}
      for id, entries in pairs(own) do
        if entries then
          set[#set + 1] = id
          set[#set + 1] = entries
        else
          removed[#removed + 1] = id
        end
      end
      if #set > 0 then redis.pcall('HSET', k_timeline .. chunk, unpack(set)) end
      if #removed > 0 then redis.pcall('HDEL', k_timeline .. chunk, unpack(removed)) end
    end
    timeline.written = {}
  end
end
