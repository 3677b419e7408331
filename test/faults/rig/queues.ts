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

/** Batch jobs act on the messages of these queues, and move them to the last one. */
export const JOB_QUEUES = ["batch-1", "batch-2", "batched"] as const;
export const JOB_TARGET = "batched";

const IDLE_PREFIX = "idle-";
/** One of the queues that have a single message, due in a month. @param at from 0 */
export const idleQueue = (at: number): string => `${IDLE_PREFIX}${at}`;
export const isIdleQueue = (queue: string): boolean => queue.startsWith(IDLE_PREFIX);

/** Queues with a message now and then. */
export const RARE_QUEUES: readonly string[] = Array.from({ length: 10 }, (_, at) => `rare-${at}`);
/** The most queues of a stream. */
const QUEUES_A_STREAM = 1_000;
const BUSY_QUEUES = [...RARE_QUEUES, ...JOB_QUEUES];
/** Queues of one wide stream: those with a message now and then among idle ones. */
export const WIDE_QUEUES: readonly string[] = [
  ...BUSY_QUEUES,
  ...Array.from({ length: QUEUES_A_STREAM - BUSY_QUEUES.length }, (_, at) => idleQueue(at)),
];
