-- Takes a message back from the worker that holds it: it is due at once, and a later outcome of that worker does not count.
-- KEYS: queue base
-- ARGV: history_changed (as in tick.lua), outbox_max_bytes, delivery (the number of the delivery; 0: any), id, note, caller ('':
-- unknown), delivery_settings
-- Reply: layout `broken_lease`; '': no worker holds it by that delivery, or there is no such message
local s = load_state(id)
if not s or s.state ~= STATE.IN_FLIGHT or delivery > 0 and s.delivery ~= delivery then return '' end
local session, number, began = s.session, s.delivery, s.since
local holder, held = holder_of(session), math.max(0, now - began)
note_lost_delivery(s)
leave(id, s)
s.unknown = s.unknown + 1
forget_lease(s)
count(COUNTER.LEASE_EXPIRIES)
timeline.add(id, s, { kind = EVENT.LEASE_BROKEN, began = began, delivery = number, holder = holder, who = caller })
schedule(id, s, now)
add_change(CHANGE.LEASE_EXPIRED, id, s, note)
finish()
return write.broken_lease { session = session, delivery = number, held = held, holder = holder }
