-- The quarantine reasons that scripts decide by themselves; numbers as in core/reason.ts.
local QUARANTINE_POISON, QUARANTINE_CRASH_LOOP, QUARANTINE_TTL_EXPIRED = 2, 4, 5
