import { CLOCK_TOLERANCE_MS, NEVER, type RunMs } from "../clock.ts";
import type { Delivery } from "../delivery.ts";
import type { Counted } from "../exempt.ts";
import type { Findings } from "../findings.ts";
import { gapsOf, mostExpiredIn } from "../gaps.ts";
import type { Message } from "../ledger.ts";
import { onlyExpired } from "./duplicates.ts";
import { placeAfter, remembered } from "./places.ts";
import { CRASH_LOOP } from "./quarantine.ts";

/** What a counter must say, by histories and contents. */
export class Bounds {
  least = 0;
  most = 0;
  /** Of `least`, what a store that was rolled back cannot have forgotten, write by write. */
  floor = 0;

  /** So much, for sure and at most; of which so much can't have been forgotten. */
  add(least: number, most: number, floor: number): void {
    this.least += least;
    this.most += most;
    this.floor += floor;
  }
}

/**
 * What the histories and the snapshot say of a queue. What exists is known exactly: what was
 * acknowledged, delivered or kept; anything else left no trace. So are deliveries: what is kept says
 * its own, and what has ended did so by the last one. What is kept was not forgotten, and so were
 * its counts: a store loses what was written last, of all its keys.
 */
export class QueueSums {
  kept = 0;
  readonly accepted = new Bounds();
  readonly deliveries = new Bounds();
  readonly succeeded = new Bounds();
  readonly discarded = new Bounds();
  readonly failedAttempts = new Bounds();
  readonly released = new Bounds();
  readonly leaseExpiries = new Bounds();
  readonly movedOut = new Bounds();
  readonly movedIn = new Bounds();
}

/** Of the queue where it was counted. */
type BoundsIn = (queue: string) => Bounds;

/** Whether all that is known of a message, its send included, may have been forgotten. */
export function isForgotten({ createdAt, deliveries }: Message, findings: Findings): boolean {
  const mayForget = (at: RunMs) => findings.mayHaveForgotten(at, at);
  return mayForget(createdAt) && deliveries.every(({ issuedAt }) => mayForget(issuedAt));
}

/** The highest delivery number of which a trace must be left, of what is gone. */
function lastSureNumber({ deliveries }: Message, findings: Findings): number {
  const sure = deliveries.findLast(
    ({ issuedAt, applied }) =>
      !findings.mayHaveForgotten(issuedAt, issuedAt) ||
      (applied !== undefined && !findings.mayHaveForgotten(applied.from, applied.to)),
  );
  return sure?.number ?? 0;
}

/** Each in its queue, with the claims before it that nobody received. */
export function addDeliveries(boundsIn: BoundsIn, message: Message, findings: Findings): void {
  const { kept } = message;
  const sure = kept === undefined ? lastSureNumber(message, findings) : Number.POSITIVE_INFINITY;
  let before = 0;
  for (const { number, queue } of remembered(message)) {
    const span = number - before;
    boundsIn(queue).add(span, span, Math.min(span, Math.max(0, sure - before)));
    before = number;
  }
  if (kept === undefined) return;
  const more = kept.number - before;
  if (more > 0) boundsIn(kept.queue).add(more, more, more);
}

/** Of an outcome that ends a message: whether it surely did, may have, and can't be forgotten. */
export function endedBy(
  { deliveries }: Message,
  kind: number,
  findings: Findings,
): { isSure: boolean; isPossible: boolean; isKept: boolean } {
  const sure = deliveries.filter(({ applied }) => applied?.kind === kind);
  const isKept = sure.some(
    ({ applied }) => applied && !findings.mayHaveForgotten(applied.from, applied.to),
  );
  // Without an answer only that of the last delivery, or of one before claims that were forgotten.
  const from = deliveries.findLastIndex(
    ({ issuedAt }) => !findings.mayHaveForgotten(issuedAt, issuedAt),
  );
  const isPossible = deliveries
    .slice(Math.max(0, from))
    .some(({ applied, possible }) => applied === undefined && (possible & kind) !== 0);
  return { isSure: sure.length > 0, isPossible, isKept };
}

/** Outcomes that count so, each when it was applied, and the message goes on. */
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

/** Leases that came to their end: surely, and at most. */
export function addExpiries(
  boundsIn: BoundsIn,
  message: Message,
  leastLeaseMs: RunMs,
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
    ownIn(placeAfter(message, gap.after)).most += mostExpiredIn(gap, leastLeaseMs);
  }
  for (const [queue, { least, most, floor }] of own) {
    // They came in a row, and nothing moves without an outcome.
    const isLoop = kept?.quarantineReason === "CRASH_LOOP" && kept.queue === queue;
    const loops = isLoop ? CRASH_LOOP : 0;
    boundsIn(queue).add(Math.max(least, loops), most, Math.max(floor, loops));
  }
}

/** An outcome that came late was applied after its lease had ended, and been counted. */
function mayHaveExpired(one: Delivery, next: Delivery | undefined, findings: Findings): boolean {
  const { applied, leaseEnd, issuedAt, extendSentAt } = one;
  const nextAt = next?.issuedAt ?? NEVER;
  // Its claim, or the extension that kept it, may have been forgotten.
  if (findings.mayHaveForgotten(issuedAt, Math.max(issuedAt, extendSentAt))) return true;
  if (applied === undefined) return leaseEnd <= nextAt;
  if (applied.to + CLOCK_TOLERANCE_MS >= leaseEnd) return true;
  return leaseEnd <= nextAt && findings.mayHaveForgotten(applied.from, applied.to);
}
