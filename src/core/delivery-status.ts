import type { PauseSettings } from "./settings.ts";

export type BreakerState = "CLOSED" | "OPEN" | "HALF_OPEN";

/** Why the deliveries of a queue are blocked at one moment. Workers get it as `queue_status`. */
export interface DeliveryStatus {
  /** Paused by an operator. */
  paused: boolean;
  /** The queue's breaker; CLOSED if it has none. */
  breaker: BreakerState;
  /** When an open breaker tries again or a pause ends. Undefined: not known. */
  retryAtMs: number | undefined;
  /** Breakers that are not closed, of the queue or of its keys. */
  openBreakers: number;
}

export const UNBLOCKED: DeliveryStatus = Object.freeze({
  paused: false,
  breaker: "CLOSED",
  retryAtMs: undefined,
  openBreakers: 0,
});

export function sameDeliveryStatus(a: DeliveryStatus, b: DeliveryStatus): boolean {
  return (
    a.paused === b.paused &&
    a.breaker === b.breaker &&
    a.retryAtMs === b.retryAtMs &&
    a.openBreakers === b.openBreakers
  );
}

/** Reports whether the queue is paused at this time of the store's clock. */
export function isPaused(settings: PauseSettings, nowMs: number): boolean {
  const { paused, pausedUntilAtMs } = settings;
  return paused && (pausedUntilAtMs === undefined || pausedUntilAtMs > nowMs);
}
