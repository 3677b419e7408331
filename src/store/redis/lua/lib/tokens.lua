-- How an operation under a lease token ended; numbers as in the contract's AckStatus.
local APPLIED, LEASE_LOST, NOT_FOUND = 1, 2, 3

-- Of a packed token: the message, the number of the delivery, the lease's nonce.
local TOKEN_FORMAT = '>c16I4c16'

-- The state of the message that the token speaks of, if the token still counts: its lease is live,
-- or has expired and nobody has taken the message since.
local function look_up(id, delivery, nonce)
  local s = load_state(id)
  if not s then return NOT_FOUND, nil end
  if not holds_lease(s, delivery, nonce) then return LEASE_LOST, s end
  return APPLIED, s
end

-- The messages that the tokens in the arguments speak of: an argument begins with its id.
local function token_ids()
  local ids = {}
  for at = FIRST, #ARGV, STRIDE do ids[#ids + 1] = string.sub(ARGV[at], 1, 16) end
  return ids
end

-- Reads ahead their states.
local function load_token_states() load_states(token_ids()) end
