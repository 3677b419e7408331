-- One message of an ordering key at a time, in the order of their arrival. `order:` has the key's
-- messages, by arrival, that are scheduled, in flight, or held in quarantine; `turns` says whose turn it
-- is. Only that one is in an index that claims look at; the others wait, and come back by its end.
local ordering = lazy({})

function ordering.build()
  -- By ordering key, whose turn it is as far as this script knows.
  ordering.known = {}

  function ordering.turn_of(order)
    if ordering.known[order] == nil then
      ordering.known[order] = redis.call('HGET', k_turns, order)
    end
    return ordering.known[order]
  end

  local function set_turn(order, id)
    ordering.known[order] = id
    put(k_turns, order, id)
  end

  -- A quarantined message whose turn it is holds its key, for so long.
  local function hold(order)
    rank(k_holds, order, rules and rules.hold > 0 and now + rules.hold or '+inf')
    key_queues.note_use()
  end

  -- It is this message's turn, which has waited or lies in quarantine.
  local function give_turn(order, id, s)
    set_turn(order, id)
    if s.state == QUARANTINED then
      hold(order)
    elseif has_flag(s, FLAG_WAITING) then
      set_flag(s, FLAG_WAITING, false)
      rank(k_indirect, id, false)
      enter_index(id, s)
      save_state(id, s)
    end
  end

  -- The first of the key's messages, by arrival.
  local function first_of(order)
    flush_writes()
    local id = redis.call('ZRANGE', k_order .. order, 0, 0)[1]
    local s = id and load_state(id)
    while id and not s do
      -- A defect: it names nobody.
      count('healed')
      redis.call('ZREM', k_order .. order, id)
      id = redis.call('ZRANGE', k_order .. order, 0, 0)[1]
      s = id and load_state(id)
    end
    return id, s
  end

  -- Whether the message may go among what claims look at. An earlier one that comes back, as from
  -- quarantine, goes before one that only waits; what is in flight is let be, until it comes back itself.
  function ordering.take_turn(id, s)
    local order = s.order
    local turn = ordering.turn_of(order)
    rank(k_order .. order, id, arrival_of(id))
    if turn == id then
      rank(k_holds, order, false)
      local first, earlier = first_of(order)
      if first == id then return true end
      give_turn(order, first, earlier)
      return false
    end
    local other = turn and load_state(turn)
    if other and (other.state == IN_FLIGHT or arrival_of(turn) < arrival_of(id)) then return false end
    if other and other.state == SCHEDULED then
      leave_index(turn, other)
      set_flag(other, FLAG_WAITING, true)
      key_queues.list(turn, other.due)
      save_state(turn, other)
    elseif turn then
      rank(k_holds, order, false)
    end
    set_turn(order, id)
    return true
  end

  -- The message has no place in its order any more: the next one's turn, if this had it.
  function ordering.leave(id, s)
    local order = s.order
    rank(k_order .. order, id, false)
    if ordering.turn_of(order) ~= id then return end
    rank(k_holds, order, false)
    local next_id, after = first_of(order)
    if next_id then return give_turn(order, next_id, after) end
    ordering.known[order] = false
    put(k_turns, order, false)
  end

  -- In quarantine the message holds its key, where the queue says so; else it steps out of the way.
  function ordering.quarantined(id, s)
    if not rules or rules.ordering ~= ORDERED_HOLD then return ordering.leave(id, s) end
    if ordering.take_turn(id, s) then hold(s.order) end
  end
end
