-- Messages of an ordering key are delivered one at a time, in the order of their arrival. `order:` has the messages of
-- a key that are scheduled, in flight, or hold the key in quarantine. `turns` names the one whose turn it is: only
-- that one is in an index that claims look at. The others wait until it leaves.
local ordering = lazy({})

function ordering.build()
  -- By ordering key, the message whose turn it is, of the keys that this script has read.
  ordering.known = {}

  function ordering.turn_of(order)
    if ordering.known[order] == nil then
      ordering.known[order] = redis.call('HGET', k_turns, order)
    end
    return ordering.known[order]
  end

  function ordering.set_turn(order, id)
    ordering.known[order] = id
    put(k_turns, order, id)
  end

  -- Makes the key wait behind this quarantined message, for `ordering_hold_max_age`. If the queue no longer holds keys, the
  -- next tick ends the hold.
  function ordering.hold(order)
    local ends = now
    if settings and settings.ordering == ORDERING.HOLD then
      ends = settings.hold > 0 and now + settings.hold or '+inf'
    end
    if ends ~= '+inf' then note_tend(ends) end
    rank(k_holds, order, ends)
    key_queues.note_use()
  end

  -- Gives the turn to a message that waits or is in quarantine.
  function ordering.give_turn(order, id, s)
    ordering.set_turn(order, id)
    if s.state == STATE.QUARANTINED then
      ordering.hold(order)
    elseif has_flag(s, FLAG.WAITING) then
      set_flag(s, FLAG.WAITING, false)
      rank(k_indirect, id, false)
      enter_index(id, s)
      save_state(id, s)
    end
  end

  -- Returns the first message of the key, by arrival.
  function ordering.first_of(order)
    local key = k_order .. order
    local id = first_member(key)
    local s = id and load_state(id)
    while id and not s do
      -- The entry has no message, which is a defect: remove it.
      count(COUNTER.HEALED)
      rank(key, id, false)
      id = first_member(key)
      s = id and load_state(id)
    end
    return id, s
  end

  ordering.build_steps()
end

-- Steps of a message of an ordering key.
function ordering.build_steps()
  -- Returns whether the message may go into an index that claims look at. An earlier one that comes back, as from
  -- quarantine, goes before a later one that waits, but not before one in flight.
  function ordering.take_turn(id, s)
    local order = s.order
    local turn = ordering.turn_of(order)
    rank(k_order .. order, id, arrival_of(id))
    if turn == id then
      rank(k_holds, order, false)
      local first, earlier = ordering.first_of(order)
      if first == id then return true end
      ordering.give_turn(order, first, earlier)
      return false
    end
    local other = turn and load_state(turn)
    if other and (other.state == STATE.IN_FLIGHT or arrival_of(turn) < arrival_of(id)) then return false end
    if other and other.state == STATE.SCHEDULED then
      leave_index(turn, other)
      set_flag(other, FLAG.WAITING, true)
      key_queues.list(turn, other.due)
      save_state(turn, other)
    elseif turn then
      rank(k_holds, order, false)
    end
    ordering.set_turn(order, id)
    return true
  end

  -- Takes the message out of its order. If it had the turn, the next one gets it.
  function ordering.leave(id, s)
    local order = s.order
    rank(k_order .. order, id, false)
    if ordering.turn_of(order) ~= id then return end
    rank(k_holds, order, false)
    local next_id, after = ordering.first_of(order)
    if next_id then return ordering.give_turn(order, next_id, after) end
    ordering.known[order] = false
    put(k_turns, order, false)
  end

  -- In quarantine the message holds its key if `ordering` is `hold`; else it leaves the order.
  function ordering.quarantined(id, s)
    if not settings or settings.ordering ~= ORDERING.HOLD then return ordering.leave(id, s) end
    if ordering.take_turn(id, s) then ordering.hold(s.order) end
  end
end
