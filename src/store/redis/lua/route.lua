-- Before messages that a rule has sent elsewhere go there: remembers where, under their requests, so that a
-- repeat goes there too whatever the rules say by then. Answers what was known of each: nothing, where it
-- went, or the answer that it got here.
local ROUTED, REPEATED = 6, 16

local requests = {}
for at = FIRST, #ARGV, STRIDE do requests[#requests + 1] = ARGV[at + I_request] end
local given = all_answered(VERB_SEND, requests)
local replies = {}
for index, request in ipairs(requests) do
  local answer = given[request]
  if answer then
    replies[index] = string.char(string.byte(answer) + REPEATED) .. string.sub(answer, 2)
  else
    local target = ARGV[FIRST + (index - 1) * STRIDE + I_target]
    -- As long as an answer of lua/send.lua, and the name behind it.
    answer = string.char(ROUTED) .. string.rep('\0', 25) .. string.char(#target) .. target
    remember(VERB_SEND, request, answer)
    given[request] = answer
    replies[index] = ''
  end
end
flush_writes()
flush_answers()
return replies
