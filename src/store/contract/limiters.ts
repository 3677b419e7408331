import type { BreakerState } from "../../core/delivery-status.ts";

/** What holds deliveries back, as an operator sees and moves it. Each verb is safe to repeat. */
export interface Limiters {
  /** Breakers that are not closed, the longest open first; of a queue with very many, not all. */
  breakers(queue: string): Promise<OpenBreaker[]>;
  /** Closes one by hand, and forgets what it has counted. Whether it was not closed. */
  resetBreaker(queue: string, key: string): Promise<boolean>;
  /** Lets an ordering key go on; the quarantined message that it waited behind, if it did. */
  releaseOrder(queue: string, orderingKey: string): Promise<Uint8Array | undefined>;
}

export interface BreakerSnapshot {
  state: BreakerState;
  /** When it tries again, while it is open. */
  retryAtMs: number | undefined;
}

export interface OpenBreaker extends BreakerSnapshot {
  /** Empty: the queue's. */
  key: string;
  openSinceMs: number;
  /** Times that it opened without a success in between. */
  openedCount: number;
}
