-- Closes a breaker and drops its counts. Safe to repeat.
-- KEYS: queue base
-- ARGV: history_changed (as in tick.lua), outbox_max_bytes, key (of the breaker; '': the queue's), delivery_settings
-- Reply: 1, if it was not closed; else 0
local was_open = breakers.reset(key)
finish()
return was_open and 1 or 0
