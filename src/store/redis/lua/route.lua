-- Before sends go to another queue by a rule: stores which one under their requests, so that a repeat goes there too,
-- whatever the rules are then.
-- KEYS: base of the queue that they were sent to
-- ARGV: items: request, target
-- Reply: for each '' if the request is new; else its answer, as of send.lua; of one that was routed `send_target` follows
local NO_ID = string.rep('\0', 16)

local requests = {}
for at = FIRST, #ARGV, STRIDE do requests[#requests + 1] = ARGV[at + I_request] end
local given = all_answered(VERB_SEND, requests)
local replies = {}
for index, request in ipairs(requests) do
  local answer = given[request]
  if answer then
    replies[index] = string.char(string.byte(answer) + SEND.REPEATED) .. string.sub(answer, 2)
  else
    local target = ARGV[FIRST + (index - 1) * STRIDE + I_target]
    answer = write.send_reply { status = SEND.ROUTED, id = NO_ID, state = 0, reason = 0, qreason = 0, due = 0 }
      .. write.send_target { target = target }
    remember(VERB_SEND, request, answer)
    given[request] = answer
    replies[index] = ''
  end
end
flush_writes()
flush_answers()
return replies
