import { CLOCK_TOLERANCE_MS, NEVER, type RunMs } from "./clock.ts";
import type { Delivery } from "./delivery.ts";
import type { Message } from "./ledger.ts";

/** Consecutive claims that no worker received: missing delivery numbers, and when they were issued. */
export interface Gap {
  readonly claims: number;
  /** The number before the first missing one. */
  readonly after: number;
  /** From the end of the previous delivery to the next one. */
  readonly from: RunMs;
  readonly to: RunMs;
}

/**
 * Returns the gaps of a message, in order. A message that ended did so by its last delivery, unless a batch job removed it. An
 * action of a job ends a gap: no claim is open then.
 */
export function gapsOf(message: Message): Gap[] {
  const { deliveries, kept, createdAt, acts } = message;
  const gaps: Gap[] = [];
  let after = 0;
  let from = createdAt;
  const upTo = (number: number, to: RunMs): void => {
    const claims = number - after - 1;
    if (claims > 0) gaps.push({ claims, after, from: Math.min(from, to), to });
  };
  const upToActs = (below: number): void => {
    for (const act of acts) {
      if (act.number <= after || act.number >= below) continue;
      upTo(act.number + 1, act.at);
      after = act.number;
      from = act.at;
    }
  };
  for (const [index, one] of deliveries.entries()) {
    upToActs(one.number);
    upTo(one.number, one.issuedAt);
    after = one.number;
    from = endOf(one, deliveries[index + 1]?.issuedAt ?? NEVER);
  }
  upToActs(Number.POSITIVE_INFINITY);
  if (kept !== undefined) upTo(kept.number + 1, NEVER);
  return gaps;
}

/** The earliest time of a later claim. */
function endOf(one: Delivery, nextAt: RunMs): RunMs {
  if (one.applied !== undefined) return one.applied.from;
  return one.hadNoOutcome(nextAt) ? one.leaseEnd : one.issuedAt;
}

/** The most claims of a gap whose leases may have expired, given the shortest lease. */
export function maxExpiredIn({ claims, from, to }: Gap, leaseMs: RunMs): number {
  return Math.min(claims, Math.floor((to - from + CLOCK_TOLERANCE_MS) / leaseMs));
}
