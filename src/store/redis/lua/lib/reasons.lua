-- The quarantine reasons that scripts decide by themselves; numbers as in core/reason.ts.
local QUARANTINE_POISON, QUARANTINE_EXHAUSTED, QUARANTINE_CRASH_LOOP, QUARANTINE_TTL_EXPIRED = 2, 3, 4, 5
