import type { MessageFilter } from "./message.ts";

/** Which messages one Retry by filter acts on. */
export interface RetrySelection {
  filter: MessageFilter;
  /** How many messages must match in all. Not checked with `from`. */
  expectedCount: number;
  /** The most messages that the call acts on. Default: LIMITS.retryIds. */
  pageSize?: number | undefined;
  /** Where the call before ended. Undefined: this is the first call. */
  from?: RetryCursor | undefined;
}

/** A place in a walk over sorted indexes: behind one entry. It stays valid when other entries come and go. */
export interface WalkPlace {
  /** Which of the indexes. */
  readonly index: number;
  /** Score and member of the entry; an empty member: the start of the index. */
  readonly score: number;
  readonly id: Uint8Array;
}

/** Where a Retry by filter continues. */
export interface RetryCursor {
  readonly place: WalkPlace;
  /**
   * When its first call took effect, by the store's clock. Messages that changed their state later are not selected. After
   * a step back of the clock it is the time of the newest quarantine; then later calls fail until the clock has passed it.
   */
  readonly startedAtMs: number;
  /** Messages that matched then and were not reached. At least 1. */
  readonly remaining: number;
}
