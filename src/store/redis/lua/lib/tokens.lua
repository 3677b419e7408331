-- How an operation under a lease token ended; numbers as in the contract's AckStatus.
local APPLIED, LEASE_LOST, NOT_FOUND = 1, 2, 3

-- The state of the message that the token speaks of, if the token still counts: its lease is live,
-- or has expired and nobody has taken the message since.
local function look_up(id, delivery, nonce)
  local s = load_state(id)
  if not s then return NOT_FOUND, nil end
  if not holds_lease(s, tonumber(delivery), nonce) then return LEASE_LOST, s end
  return APPLIED, s
end
