-- Lease tokens.

-- Returns the status of a token, and the state of its message. The token counts if its lease is live, or has expired
-- and nobody has claimed the message since.
local function look_up(id, delivery, nonce)
  local s = load_state(id)
  if not s then return TOKEN.NOT_FOUND, nil end
  if not holds_lease(s, delivery, nonce) then return TOKEN.LEASE_LOST, s end
  return TOKEN.APPLIED, s
end

-- The ids of the messages of the items: each item begins with a token.
local function token_ids()
  local ids = {}
  for at = FIRST, #ARGV, STRIDE do ids[#ids + 1] = string.sub(ARGV[at], 1, 16) end
  return ids
end

local function load_token_states() load_states(token_ids()) end
