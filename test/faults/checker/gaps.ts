import { CLOCK_TOLERANCE_MS, NEVER, type RunMs } from "./clock.ts";
import type { Delivery } from "./delivery.ts";
import type { Message } from "./ledger.ts";

/** Claims in a row that nobody received: numbers that are missing, and when they were given. */
export interface Gap {
  readonly claims: number;
  /** The number before the first of them. */
  readonly after: number;
  /** From the end of the delivery before, until the next one was issued. */
  readonly from: RunMs;
  readonly to: RunMs;
}

/** Those of a message, in their order. What has ended did so by its last delivery. */
export function gapsOf({ deliveries, kept, createdAt }: Message): Gap[] {
  const gaps: Gap[] = [];
  let after = 0;
  let from = createdAt;
  const upTo = (number: number, to: RunMs): void => {
    const claims = number - after - 1;
    if (claims > 0) gaps.push({ claims, after, from: Math.min(from, to), to });
  };
  for (const [index, one] of deliveries.entries()) {
    upTo(one.number, one.issuedAt);
    after = one.number;
    from = endOf(one, deliveries[index + 1]?.issuedAt ?? NEVER);
  }
  if (kept !== undefined) upTo(kept.number + 1, NEVER);
  return gaps;
}

/** No later claim was made before that. */
function endOf(one: Delivery, nextAt: RunMs): RunMs {
  if (one.applied !== undefined) return one.applied.from;
  return one.hadNoOutcome(nextAt) ? one.leaseEnd : one.issuedAt;
}

/** How many of them may have come to the end of their leases, each no shorter than this. */
export function mostExpiredIn({ claims, from, to }: Gap, leaseMs: RunMs): number {
  return Math.min(claims, Math.floor((to - from + CLOCK_TOLERANCE_MS) / leaseMs));
}
