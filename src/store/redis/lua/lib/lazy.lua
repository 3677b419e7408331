-- Parts that most calls have no use for: their functions are made with the first use of one. To make a
-- function costs about as much as to call Redis for a hundred bytes, and a script has more than a hundred.
local function build(part, name)
  setmetatable(part, nil)
  part.build()
  part.built = true
  return part[name]
end

local LAZY = { __index = build }

-- A part whose `build` defines its functions. Fields that are read before must have a value: `built` has one.
local function lazy(part)
  part.built = false
  return setmetatable(part, LAZY)
end
