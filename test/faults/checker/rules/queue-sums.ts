import { CLOCK_TOLERANCE_MS, NEVER, type RunMs } from "../clock.ts";
import type { Delivery } from "../delivery.ts";
import type { Findings } from "../findings.ts";
import { gapsOf, mostExpiredIn } from "../gaps.ts";
import type { Message } from "../ledger.ts";
import type { Counted } from "../spared.ts";
import { onlyExpired } from "./duplicates.ts";
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
}

/** Whether all that is known of a message, its send included, may have been forgotten. */
export function isForgotten({ createdAt, deliveries }: Message, findings: Findings): boolean {
  const mayForget = (at: RunMs) => findings.mayHaveForgotten(at, at);
  return mayForget(createdAt) && deliveries.every(({ issuedAt }) => mayForget(issuedAt));
}

/** The highest delivery number of what is gone, and that of which a trace must be left. */
export function lastNumbers({ deliveries }: Message, findings: Findings): [number, number] {
  const sure = deliveries.findLast(
    ({ issuedAt, applied }) =>
      !findings.mayHaveForgotten(issuedAt, issuedAt) ||
      (applied !== undefined && !findings.mayHaveForgotten(applied.from, applied.to)),
  );
  return [deliveries.at(-1)?.number ?? 0, sure?.number ?? 0];
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
  bounds: Bounds,
  { deliveries }: Message,
  counts: (one: Delivery, next: Delivery | undefined) => Counted,
  findings: Findings,
): void {
  for (const [index, one] of deliveries.entries()) {
    const { applied } = one;
    const isSo = counts(one, deliveries[index + 1]);
    if (isSo === "perhaps") bounds.add(0, 1, 0);
    if (isSo !== "yes" || applied === undefined) continue;
    bounds.add(1, 1, findings.mayHaveForgotten(applied.from, applied.to) ? 0 : 1);
  }
}

/** Leases that came to their end: surely, and at most. */
export function addExpiries(
  bounds: Bounds,
  message: Message,
  leastLeaseMs: RunMs,
  findings: Findings,
): void {
  const { deliveries, kept } = message;
  let [least, most, floor] = [0, 0, 0];
  for (const [index, one] of deliveries.entries()) {
    const next = deliveries[index + 1];
    if (next !== undefined && onlyExpired(one, next)) {
      least++;
      const mayForget =
        findings.mayHaveForgotten(one.issuedAt, one.issuedAt) ||
        findings.mayHaveForgotten(one.leaseEnd, next.issuedAt);
      if (!mayForget) floor++;
    }
    if (mayHaveExpired(one, next, findings)) most++;
  }
  for (const gap of gapsOf(message)) most += mostExpiredIn(gap, leastLeaseMs);
  const loops = kept?.quarantineReason === "CRASH_LOOP" ? CRASH_LOOP : 0;
  bounds.add(Math.max(least, loops), most, Math.max(floor, loops));
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
