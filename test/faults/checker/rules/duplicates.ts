import type { Findings } from "../findings.ts";
import type { Delivery, Message } from "../ledger.ts";

/** Why a message came again, the best reason for each. */
export interface DuplicateCounts {
  /** The lease before had ended. */
  expired: number;
  /** An outcome of the delivery before had got no answer. */
  unanswered: number;
  /** The stream of the delivery before had ended, and nothing else explains it. */
  stream: number;
}

function hadExpired(a: Delivery, b: Delivery): boolean {
  return a.leaseEnd <= b.issuedAt;
}

function streamHadClosed(a: Delivery, b: Delivery): boolean {
  return a.stream !== undefined && a.stream.closedAt < b.at;
}

/** Nothing but the end of its lease can have ended it: the store has counted that. */
export function onlyExpired(a: Delivery, b: Delivery): boolean {
  return a.hadNoOutcome(b.issuedAt) && hadExpired(a, b) && !streamHadClosed(a, b);
}

/** Whether it surely ended without an outcome: not if it was given back as its stream broke. */
export function endedUnknown(a: Delivery, b: Delivery): boolean {
  return a.hadNoOutcome(b.issuedAt) && (hadExpired(a, b) || !streamHadClosed(a, b));
}

/**
 * A delivery after another one of which no outcome was applied. Each is explained by the one before
 * it, of those that somebody received: if that lease was over, so were all before.
 */
export function checkDuplicate(
  message: Message,
  a: Delivery,
  b: Delivery,
  counts: DuplicateCounts,
  findings: Findings,
): void {
  if (a.applied !== undefined) return;
  if (hadExpired(a, b)) counts.expired++;
  else if (a.mayHave(b.issuedAt) !== 0) counts.unanswered++;
  else if (streamHadClosed(a, b)) counts.stream++;
  else {
    const words = `${message}: delivery ${b.number} was issued at ${b.issuedAt} ms, the lease of delivery ${a.number} ran until ${a.leaseEnd} ms`;
    // Its claim, or the extension that kept it, may have been forgotten.
    const writtenTo = Math.max(a.issuedAt, a.extendSentAt);
    findings.brokenUnlessForgotten("duplicate-explained", words, a.issuedAt, writtenTo);
  }
}
