import type { Delivery } from "../delivery.ts";
import type { Findings } from "../findings.ts";
import type { Message } from "../ledger.ts";

/** Why a message came again, the best reason for each. */
export interface DuplicateCounts {
  /** The lease before had ended. */
  expired: number;
  /** A failure or a release of the delivery before had got no answer. */
  unanswered: number;
}

function hadExpired(a: Delivery, b: Delivery): boolean {
  return a.leaseEnd <= b.issuedAt;
}

/** Nothing but the end of its lease can have ended it: the store has counted that. */
export function onlyExpired(a: Delivery, b: Delivery): boolean {
  return endedUnknown(a, b) && hadExpired(a, b);
}

/** Whether it surely ended without an outcome. */
export function endedUnknown(a: Delivery, b: Delivery): boolean {
  return a.hadNoOutcome(b.issuedAt);
}

/**
 * A delivery after another one of which no outcome was applied. Each is explained by the one before
 * it, of those that somebody received: if that lease was over, so were all before. A stream that
 * broke explains nothing: what came by it had been written, and keeps its lease until that ends or
 * its worker gives it back, which is an outcome.
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
  else if (!a.hadNoOutcome(b.issuedAt)) counts.unanswered++;
  else {
    const words = `${message}: delivery ${b.number} was issued at ${b.issuedAt} ms, the lease of delivery ${a.number} ran until ${a.leaseEnd} ms`;
    // Its claim, or the extension that kept it, may have been forgotten.
    const writtenTo = Math.max(a.issuedAt, a.extendSentAt);
    findings.brokenUnlessForgotten("duplicate-explained", words, a.issuedAt, writtenTo);
  }
}
