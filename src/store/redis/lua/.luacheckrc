-- For `luacheck` on assembled scripts (scripts/checks/lua.mjs). Names of keys and arguments are variables there, and all
-- names of packed/ are values.
std = "lua51"
read_globals = { "redis", "struct", "KEYS", "ARGV" }
max_line_length = false
ignore = {
  -- A parameter may have the name of a script's argument.
  "431",
  -- A script keeps whole statements: what shares one with a used name stays, too.
  "211/put", "211/rank", "211/flush_writes", "211/first_member", "211/note_end", "221/new_generation",
  "231/put", "231/rank", "231/wakes_now", "231/flush_writes", "231/first_member", "231/note_end",
  -- Every script reads the clock.
  "211/now", "231/now",
}
