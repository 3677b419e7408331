-- The indexes of scheduled messages, as claims look at them.

local function head_score(key)
  local head = redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')
  return head[2] and tonumber(head[2]) or nil
end

-- Of messages that something besides their queue can hold back.
local waiting = lazy({})

function waiting.build()
  local function index_of(s)
    if s.place == PLACE.ISOLATED then return k_isolated end
    if s.place == PLACE.MOVING then return k_moving end
    return key_queues.index(k_due, s.priority)
  end

  -- In no key queue, and yet not in `due`.
  local function is_indirect(s) return s.priority ~= 0 and s.place == PLACE.DUE end

  -- Messages with isolated delivery are few: each is looked at by itself, and none is in a key queue.
  local function key_queue_of(s)
    return s.place == PLACE.DUE and key_queues.of(s) or nil
  end

  function waiting.enter(id, s)
    local key_queue = key_queue_of(s)
    if s.priority ~= 0 then key_queues.list_priority(s.priority) end
    if key_queue then return key_queues.add(key_queue, id, s.due) end
    if s.place == PLACE.ISOLATED then note_isolated(s.due) else note_due(s.due) end
    rank(index_of(s), id, s.due)
    if is_indirect(s) then key_queues.list(id, s.due) end
  end

  function waiting.leave(id, s)
    if has_flag(s, FLAG.WAITING) then
      set_flag(s, FLAG.WAITING, false)
      rank(k_indirect, id, false)
      return
    end
    local key_queue = key_queue_of(s)
    if key_queue then return key_queues.remove(key_queue, id) end
    rank(index_of(s), id, false)
    if is_indirect(s) then rank(k_indirect, id, false) end
  end
end

-- Only its queue can hold it back: so most messages are.
local function is_plain(s)
  return s.priority == 0 and s.key == '' and s.flags < FLAG.BUDGETED and s.place == PLACE.DUE
end

local function enter_index(id, s)
  if not is_plain(s) then return waiting.enter(id, s) end
  note_due(s.due)
  rank(k_due, id, s.due)
end

local function leave_index(id, s)
  if not is_plain(s) then return waiting.leave(id, s) end
  rank(k_due, id, false)
end
