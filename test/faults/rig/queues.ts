import { GUARDED_QUEUE } from "../history/guarded-facts.ts";
import { DIVERTED_QUEUE } from "../history/routes.ts";

/** Queues that producers send to. */
export const LOAD_QUEUES = ["orders", GUARDED_QUEUE] as const;
/** Queues that every worker serves. */
export const SERVED_QUEUES = [...LOAD_QUEUES, DIVERTED_QUEUE] as const;
/** Messages whose leases expire on purpose: only workers without a helper let them. */
export const QUIET_QUEUE = "quiet";
export const CRASH_QUEUE = "crashing";
export const STOCK_QUEUE = "baseline";
