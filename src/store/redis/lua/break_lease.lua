-- Takes a message back from the worker that holds it: it is due at once, and a later outcome of that worker does not count.
-- KEYS: queue base
-- ARGV: history_changed (as in tick.lua), outbox_max_bytes, delivery (the number of the delivery; 0: any), id, note,
-- delivery_settings
-- Reply: layout `broken_lease`; '': no worker holds it by that delivery, or there is no such message
local s = load_state(id)
if not s or s.state ~= STATE.IN_FLIGHT or delivery > 0 and s.delivery ~= delivery then return '' end
local session, number, held = s.session, s.delivery, math.max(0, now - s.since)
local entry = redis.pcall('HGET', k_workers, session)
local holder = type(entry) == 'string' and entry or ''
note_lost_delivery(s)
leave(id, s)
s.unknown = s.unknown + 1
forget_lease(s)
count(COUNTER.LEASE_EXPIRIES)
schedule(id, s, now)
add_change(CHANGE.EXPIRED_LEASE, id, s, note)
finish()
return write.broken_lease { session = session, delivery = number, held = held, holder = holder }
