import type { BreakerState } from "../../core/delivery-status.ts";

/** Breakers and held ordering keys, for operators. Each verb is safe to repeat. */
export interface DeliveryBlocks {
  /** Breakers that are not closed, the longest open first; at most 1,000. */
  breakers(queue: string): Promise<OpenBreaker[]>;
  /** Closes a breaker and resets its counts. Returns whether it was not closed. */
  resetBreaker(queue: string, key: string): Promise<boolean>;
  /** Releases an ordering key. Returns the id of the quarantined message that it waited behind, if it did. */
  releaseOrder(queue: string, orderingKey: string): Promise<Uint8Array | undefined>;
}

export interface BreakerSnapshot {
  state: BreakerState;
  /** When an open breaker lets probes go. */
  retryAtMs: number | undefined;
}

export interface OpenBreaker extends BreakerSnapshot {
  /** Empty: the queue's. */
  key: string;
  openSinceMs: number;
  /** Times that it opened without a success in between. */
  openedCount: number;
}
