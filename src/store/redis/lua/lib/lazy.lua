-- Parts that most calls do not use: their functions are made with the first use of one. Making a function
-- costs about as much as a call of Redis for a hundred bytes, and a script has more than a hundred functions.
local function build(part, name)
  setmetatable(part, nil)
  part.build()
  part.built = true
  return part[name]
end

local LAZY = { __index = build }

-- Returns a part whose `build` defines its functions. A field that is read before it is built needs a value
-- here; `built` has one.
local function lazy(part)
  part.built = false
  return setmetatable(part, LAZY)
end
