-- Messages that a retry by filter selects.

-- Returns the set of the counter fields that a filter covers.
local function cell_set(text)
  local set = {}
  for cell in string.gmatch(text, '[^ ]+') do set[cell] = true end
  return set
end

local function is_in(s, set) return set[cell_of(s.state, s.reason, s.qreason)] end

-- Reports whether a message is in one of these cells, and has not changed its state after the retry began; 0: it begins now.
-- So messages that the retry made due, which may still match or match again, are not selected a second time. `round` is
-- checked too: a message that was retried and quarantined again while the clock was behind `began` has an early `since`.
local function is_selected(s, set, began)
  return is_in(s, set) and (began == 0 or s.since <= began and s.round <= began)
end
