import type { Delivery } from "../delivery.ts";
import type { Findings } from "../findings.ts";
import type { Message } from "../ledger.ts";

/** Why messages were delivered again. Each counts once, for the best reason. */
export interface DuplicateCounts {
  /** The lease of the previous delivery had expired. */
  expired: number;
  /** A failure or release of the previous delivery was unanswered. */
  unanswered: number;
}

function hadExpired(a: Delivery, b: Delivery): boolean {
  return a.leaseEnd <= b.issuedAt;
}

/** Reports whether only the end of its lease can have ended it, which the store counts. */
export function onlyExpired(a: Delivery, b: Delivery): boolean {
  return endedUnknown(a, b) && hadExpired(a, b);
}

/** Reports whether it surely ended without an outcome. */
export function endedUnknown(a: Delivery, b: Delivery): boolean {
  return a.hadNoOutcome(b.issuedAt);
}

/**
 * Checks a delivery that follows one without an applied outcome. The previous received delivery must explain it: if its
 * lease had expired, so had all earlier ones. A broken stream is no explanation: its leases go on until they expire or
 * the worker releases them, which is an outcome.
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
    // A rollback may have undone the claim or its extension.
    const writtenTo = Math.max(a.issuedAt, a.extendSentAt);
    findings.brokenUnlessForgotten("duplicate-explained", words, a.issuedAt, writtenTo);
  }
}
