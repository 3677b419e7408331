import { MOVE_LATE_MS } from "../app/rules/mover.ts";
import type { TickReply } from "../store/contract.ts";

/** Without any sign, look again after about this long. */
const SAFETY_MS = 30_000;
/**
 * While leases are out, somebody looks this often: silence is how the store sees an outage. What
 * waits for an empty stream is also looked at again after this long.
 */
export const LEASES_OUT_MS = 1_000;

/** What a pump does next. Instants are on this process's monotonic clock, in milliseconds. */
export interface Plan {
  /** When something is due, as far as a claim could take it. */
  dueAt: number;
  /** When to tick in any case. */
  tendAt: number;
  /** Something due is only for a stream that holds nothing: a suspect, or a large message. */
  needsAlone: boolean;
  /** Something due may go to any stream that has room. */
  normalDue: boolean;
}

/** The first look: whatever there is may be due, and nothing is known of it. */
export const FIRST_PLAN: Plan = { dueAt: 0, tendAt: 0, needsAlone: false, normalDue: true };

/** What a tick's reply means for the next one. `random` spreads safety ticks over all nodes. */
export function planAfter(reply: TickReply, before: Plan, now: number, random: number): Plan {
  const at = (instantMs: number | undefined) =>
    instantMs === undefined ? Number.POSITIVE_INFINITY : now + Math.max(0, instantMs - reply.nowMs);
  const isDue = (instantMs: number | undefined) =>
    instantMs !== undefined && instantMs <= reply.nowMs;

  const suspectDue = isDue(reply.nextIsolatedAtMs);
  const normalDue = isDue(reply.nextDueAtMs) && !reply.headTooLarge;
  const needsAlone = suspectDue || reply.headTooLarge;
  // Found just now: ask at once for an empty stream. Asked for before: none was there, or not
  // enough of them, and only ended leases change that. Each lane waits by itself.
  const waits = needsAlone && before.needsAlone ? now + LEASES_OUT_MS : now;
  const suspects = suspectDue ? waits : at(reply.nextIsolatedAtMs);
  const normal = reply.headTooLarge ? waits : at(reply.nextDueAtMs);

  const { firstMoveAtMs } = reply;
  // Looked at just now: who was told of it may need a moment.
  const late = firstMoveAtMs === undefined ? undefined : firstMoveAtMs + MOVE_LATE_MS;
  const moves = isMoveLate(reply) ? now + MOVE_LATE_MS : at(late);
  const safety = now + SAFETY_MS * (0.75 + 0.5 * random);
  const leases = reply.leasesOut > 0 ? now + LEASES_OUT_MS : Number.POSITIVE_INFINITY;
  return {
    dueAt: Math.min(suspects, normal),
    tendAt: Math.min(safety, leases, moves, at(reply.nextLeaseAtMs), at(reply.nextEndAtMs)),
    needsAlone,
    normalDue,
  };
}

/** Whether something is on its way to another queue that whoever set it out has not taken there. */
export function isMoveLate({ firstMoveAtMs, nowMs }: TickReply): boolean {
  return firstMoveAtMs !== undefined && nowMs - firstMoveAtMs >= MOVE_LATE_MS;
}
