export type BreakerState = "CLOSED" | "OPEN" | "HALF_OPEN";

/** What holds deliveries of a whole queue back at one moment, as workers are told. */
export interface DeliveryStatus {
  /** By hand. */
  paused: boolean;
  /** The queue's own; closed where it has none. */
  breaker: BreakerState;
  /** When an open breaker tries again, or a pause ends; undefined: nobody knows. */
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

/** Whether there is something new to tell. */
export function sameDeliveryStatus(a: DeliveryStatus, b: DeliveryStatus): boolean {
  return (
    a.paused === b.paused &&
    a.breaker === b.breaker &&
    a.retryAtMs === b.retryAtMs &&
    a.openBreakers === b.openBreakers
  );
}
