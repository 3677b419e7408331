-- Parts that most calls have no use for: their functions are made with the first use of one. To make a
-- function costs about as much as to call Redis for a hundred bytes, and a script has more than a hundred.
local LAZY = {
  __index = function(part, name)
    setmetatable(part, nil)
    part.build()
    return part[name]
  end,
}

-- A part whose `build` defines its functions. Fields that are read before must have a value.
local function lazy(part)
  return setmetatable(part, LAZY)
end
