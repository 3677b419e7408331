import { GUARDED_QUEUE } from "../history/guarded-facts.ts";
import { DIVERTED_QUEUE } from "../history/routes.ts";

/** Queues of the load. */
export const LOAD_QUEUES = ["orders", GUARDED_QUEUE] as const;
/** Queues of every worker. */
export const SERVED_QUEUES = [...LOAD_QUEUES, DIVERTED_QUEUE] as const;
/** Messages whose first lease expires on purpose, which only workers with plain stubs allow. */
export const EXPIRING_QUEUE = "expiring";
export const CRASH_QUEUE = "crashing";
export const BASELINE_QUEUE = "baseline";
