import { NEVER } from "../clock.ts";
import type { Delivery } from "../delivery.ts";
import type { Findings } from "../findings.ts";
import { forgottenOf } from "../late-outcome.ts";
import type { Message } from "../ledger.ts";
import { endedUnknown } from "./duplicates.ts";

/**
 * `outcome_unknown` must be true if an earlier delivery ended without an outcome. It must be false if all earlier ones were
 * received and had an applied outcome. Otherwise it may be either.
 */
export function checkOutcomeUnknown(message: Message, findings: Findings): void {
  const { deliveries } = message;
  let unknown: Delivery | undefined;
  let known = 0;
  let from = NEVER;
  let to = -NEVER;
  for (const [index, one] of deliveries.entries()) {
    const before = deliveries[index - 1];
    if (before !== undefined) {
      if (endedUnknown(before, one)) unknown ??= before;
      if (before.applied !== undefined) {
        known++;
        from = Math.min(from, before.applied.from);
        to = Math.max(to, before.applied.to);
      }
    }
    if (unknown !== undefined && !one.isUnknown) {
      const words = `${message}: delivery ${one.number} has no outcome_unknown, but delivery ${unknown.number} ended without an outcome`;
      const { issuedAt } = unknown;
      findings.brokenUnlessForgotten("outcome-unknown-set", words, issuedAt, issuedAt);
    }
    if (one.isUnknown && known === one.number - 1) {
      const words = `${message}: delivery ${one.number} has outcome_unknown, but all ${known} earlier ones had an outcome`;
      findings.brokenUnlessForgotten(
        "outcome-unknown-clear",
        words,
        ...forgottenOf(one, { from, to }),
      );
    }
  }
}
