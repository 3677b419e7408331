-- Closes a breaker by hand; what it has counted is forgotten. Answers whether it was not closed. Safe to
-- repeat.
local was_open = breakers.reset(key)
finish()
return was_open and 1 or 0
