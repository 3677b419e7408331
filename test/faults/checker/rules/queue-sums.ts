import { CLOCK_TOLERANCE_MS, NEVER, type RunMs } from "../clock.ts";
import type { Delivery } from "../delivery.ts";
import type { Counted } from "../exempt.ts";
import type { Findings } from "../findings.ts";
import { gapsOf, maxExpiredIn } from "../gaps.ts";
import type { Message } from "../ledger.ts";
import { onlyExpired } from "./duplicates.ts";
import { removalOf } from "./jobs.ts";
import { placeAfter, remembered } from "./places.ts";
import { CRASH_LOOP } from "./quarantine.ts";

/** The range of a counter by histories and contents. */
export class Bounds {
  least = 0;
  most = 0;
  /** The part of `least` that no rollback can have undone. */
  floor = 0;

  /** Widens the range. */
  add(least: number, most: number, floor: number): void {
    this.least += least;
    this.most += most;
    this.floor += floor;
  }
}

/**
 * The ranges of the counters of a queue, from histories and snapshot. Existing messages are known exactly: they were
 * acknowledged, delivered or stored. So are deliveries: a stored message has their number, and an ended one ended by the
 * last. The counts of a stored message were not lost, because a rollback undoes the latest writes of all keys.
 */
export class QueueSums {
  kept = 0;
  readonly accepted = new Bounds();
  readonly deliveries = new Bounds();
  readonly succeeded = new Bounds();
  readonly discarded = new Bounds();
  readonly purged = new Bounds();
  readonly undeleted = new Bounds();
  readonly failedAttempts = new Bounds();
  readonly released = new Bounds();
  readonly leaseExpiries = new Bounds();
  readonly movedOut = new Bounds();
  readonly movedIn = new Bounds();
}

/** Returns the range of a queue. */
type BoundsIn = (queue: string) => Bounds;

/** Reports whether a rollback may have undone the message and its send. */
export function isForgotten({ createdAt, deliveries }: Message, findings: Findings): boolean {
  const mayForget = (at: RunMs) => findings.mayHaveForgotten(at, at);
  return mayForget(createdAt) && deliveries.every(({ issuedAt }) => mayForget(issuedAt));
}

/** The highest delivery number of an ended message that no rollback can have undone. */
function lastSureNumber({ deliveries }: Message, findings: Findings): number {
  const sure = deliveries.findLast(
    ({ issuedAt, applied }) =>
      !findings.mayHaveForgotten(issuedAt, issuedAt) ||
      (applied !== undefined && !findings.mayHaveForgotten(applied.from, applied.to)),
  );
  return sure?.number ?? 0;
}

/** Adds each delivery to its queue, with the unreceived claims before it. */
export function addDeliveries(boundsIn: BoundsIn, message: Message, findings: Findings): void {
  const { acts } = message;
  const kept = message.kept ?? removalOf(message);
  const sure = kept === undefined ? lastSureNumber(message, findings) : Number.POSITIVE_INFINITY;
  let before = 0;
  // Claims that no worker got before an action of a job were where it found the message.
  const places = [...remembered(message), ...acts].sort((a, b) => a.number - b.number);
  for (const { number, queue } of places) {
    const span = number - before;
    boundsIn(queue).add(span, span, Math.min(span, Math.max(0, sure - before)));
    before = number;
  }
  if (kept === undefined) return;
  const more = kept.number - before;
  if (more > 0) boundsIn(kept.queue).add(more, more, more);
}

/** Returns whether this kind of outcome surely ended the message, may have, and cannot be lost. */
export function endedBy(
  { deliveries }: Message,
  kind: number,
  findings: Findings,
): { isSure: boolean; isPossible: boolean; isKept: boolean } {
  const sure = deliveries.filter(({ applied }) => applied?.kind === kind);
  const isKept = sure.some(
    ({ applied }) => applied && !findings.mayHaveForgotten(applied.from, applied.to),
  );
  // Unanswered ones count only for the last delivery, or one before claims that a rollback undid.
  const from = deliveries.findLastIndex(
    ({ issuedAt }) => !findings.mayHaveForgotten(issuedAt, issuedAt),
  );
  const isPossible = deliveries
    .slice(Math.max(0, from))
    .some(({ applied, possible }) => applied === undefined && (possible & kind) !== 0);
  return { isSure: sure.length > 0, isPossible, isKept };
}

/** Adds applied outcomes after which the message continues. */
export function addOutcomes(
  boundsIn: BoundsIn,
  { deliveries }: Message,
  counts: (one: Delivery, next: Delivery | undefined) => Counted,
  findings: Findings,
): void {
  for (const [index, one] of deliveries.entries()) {
    const { applied, queue } = one;
    const bounds = boundsIn(queue);
    const isSo = counts(one, deliveries[index + 1]);
    if (isSo === "perhaps") bounds.add(0, 1, 0);
    if (isSo !== "yes" || applied === undefined) continue;
    bounds.add(1, 1, findings.mayHaveForgotten(applied.from, applied.to) ? 0 : 1);
  }
}

/** Adds expired leases. */
export function addExpiries(
  boundsIn: BoundsIn,
  message: Message,
  shortestLeaseMs: RunMs,
  findings: Findings,
): void {
  const { deliveries, kept } = message;
  const own = new Map<string, Bounds>();
  const ownIn = (queue: string) => {
    const bounds = own.get(queue) ?? new Bounds();
    own.set(queue, bounds);
    return bounds;
  };
  for (const [index, one] of deliveries.entries()) {
    const next = deliveries[index + 1];
    const bounds = ownIn(one.queue);
    if (next !== undefined && onlyExpired(one, next)) {
      const mayForget =
        findings.mayHaveForgotten(one.issuedAt, one.issuedAt) ||
        findings.mayHaveForgotten(one.leaseEnd, next.issuedAt);
      bounds.add(1, 0, mayForget ? 0 : 1);
    }
    if (mayHaveExpired(one, next, findings)) bounds.most++;
  }
  for (const gap of gapsOf(message)) {
    ownIn(placeAfter(message, gap.after)).most += maxExpiredIn(gap, shortestLeaseMs);
  }
  for (const [queue, { least, most, floor }] of own) {
    // They are consecutive, and a message does not move without an outcome.
    const isLoop = kept?.quarantineReason === "CRASH_LOOP" && kept.queue === queue;
    const loops = isLoop ? CRASH_LOOP : 0;
    boundsIn(queue).add(Math.max(least, loops), most, Math.max(floor, loops));
  }
}

/** Reports whether its lease may have expired and counted before a late outcome. */
function mayHaveExpired(one: Delivery, next: Delivery | undefined, findings: Findings): boolean {
  const { applied, leaseEnd, issuedAt, extendSentAt } = one;
  const nextAt = next?.issuedAt ?? NEVER;
  // A rollback may have undone the claim or its extension.
  if (findings.mayHaveForgotten(issuedAt, Math.max(issuedAt, extendSentAt))) return true;
  if (applied === undefined) return leaseEnd <= nextAt;
  if (applied.to + CLOCK_TOLERANCE_MS >= leaseEnd) return true;
  return leaseEnd <= nextAt && findings.mayHaveForgotten(applied.from, applied.to);
}
