import { type ClaimableWork, claimableAfter } from "../app/delivery/isolation.ts";
import { MOVE_LATE_MS } from "../app/rules/mover.ts";
import type { TickReply } from "../store/contract.ts";

/** A pump ticks about this often even if nothing happens. */
const SAFETY_MS = 30_000;
/** While leases are held, a pump ticks this often: the store detects an outage by missing ticks. */
export const LEASES_HELD_MS = 1_000;

/** What a pump does next. Times are on this process's monotonic clock, in milliseconds. */
export interface Plan extends ClaimableWork {
  /** When to tick in any case. */
  tendAtMs: number;
}

/** The first tick: anything may be due. */
export const FIRST_PLAN: Plan = { dueAtMs: 0, tendAtMs: 0, isolatedDue: false, normalDue: true };

/** Plans the next tick from a reply. `random` spreads safety ticks over all servers. */
export function planAfter(reply: TickReply, before: Plan, now: number, random: number): Plan {
  const at = (storeMs: number | undefined) =>
    storeMs === undefined ? Number.POSITIVE_INFINITY : now + Math.max(0, storeMs - reply.nowMs);

  const { firstMoveAtMs } = reply;
  const lateAtMs = firstMoveAtMs === undefined ? undefined : firstMoveAtMs + MOVE_LATE_MS;
  // A late move was just reported to the mover, which may need a moment.
  const moves = isMoveLate(reply) ? now + MOVE_LATE_MS : at(lateAtMs);
  const safety = now + SAFETY_MS * (0.75 + 0.5 * random);
  const leases = reply.leasesOut > 0 ? now + LEASES_HELD_MS : Number.POSITIVE_INFINITY;
  return {
    ...claimableAfter(reply, before, now, at),
    tendAtMs: Math.min(safety, leases, moves, at(reply.nextLeaseAtMs), at(reply.nextEndAtMs)),
  };
}

/** Reports whether a move to another queue is late, so that another server should finish it. */
export function isMoveLate({ firstMoveAtMs, nowMs }: TickReply): boolean {
  return firstMoveAtMs !== undefined && nowMs - firstMoveAtMs >= MOVE_LATE_MS;
}
