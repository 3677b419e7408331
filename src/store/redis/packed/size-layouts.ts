import { double, layout, ms, u8 } from "./layout.ts";

/** Replies with the counts of a queue. */
export const SIZE_LAYOUTS = {
  stats: layout({
    now: ms,
    scheduled: ms,
    dueNow: ms,
    isolatedDue: ms,
    inFlight: ms,
    quarantined: ms,
    /** Of these three 0 is none. */
    nextDue: ms,
    oldestQuarantined: ms,
    oldest: ms,
    accepted: double,
    delivered: double,
    succeeded: double,
    failed: double,
    breaker: u8,
    breakerRetryAt: ms,
    openBreakers: ms,
    heldKeys: ms,
    blockingLimiters: ms,
    rateTokens: double,
    /** 0: the bucket is full. */
    rateAt: ms,
  }),
  sizes: layout({
    now: ms,
    messages: ms,
    dueNow: ms,
    inFlight: ms,
    quarantined: ms,
    /** 0: there is no message. */
    oldest: ms,
    openBreakers: ms,
    heldKeys: ms,
  }),
} as const;
