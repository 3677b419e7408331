import { NEVER, type RunMs, UNKNOWN } from "../clock.ts";
import type { Delivery } from "../delivery.ts";
import type { FaultTimes } from "../fault-times.ts";
import type { Findings } from "../findings.ts";
import { forgottenOf } from "../late-outcome.ts";
import type { Message } from "../ledger.ts";
import { endedUnknown } from "./duplicates.ts";
import { lastAct } from "./jobs.ts";

/**
 * `outcome_unknown` must be true if an earlier delivery ended without an outcome. It must be false if all earlier ones were
 * received and had an applied outcome, unless Redis restarted since the message was stored. Otherwise it may be either.
 */
export function checkOutcomeUnknown(message: Message, times: FaultTimes, findings: Findings): void {
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
    const mayHaveLost = times.mayHaveRestarted(message.createdAt, one.issuedAt);
    if (one.isUnknown && known === one.number - 1 && !mayHaveLost) {
      const words = `${message}: delivery ${one.number} has outcome_unknown, but all ${known} earlier ones had an outcome`;
      findings.brokenUnlessForgotten(
        "outcome-unknown-clear",
        words,
        ...forgottenOf(one, { from, to }),
      );
    }
  }
}

/**
 * A message that is delivered after its end was brought back by a rollback, which says nothing of that end: `outcome_unknown`
 * must be true. Looks at all deliveries: `checkNumbers` leaves some out.
 */
export function checkUnknownAfterEnd(message: Message, findings: Findings): void {
  const { deliveries } = message;
  const ended = deliveries.reduce<Delivery | undefined>(
    (first, one) => (endOf(one) < (first === undefined ? NEVER : endOf(first)) ? one : first),
    undefined,
  );
  if (ended === undefined) return;
  for (const one of deliveries) {
    if (one === ended || one.isUnknown || one.issuedAt <= endOf(ended)) continue;
    // The rollback also undid a job's retry, so the message was not due when Redis failed over.
    if ((lastAct(message, ["retry"], one.issuedAt)?.at ?? UNKNOWN) > endOf(ended)) continue;
    const words = `${message}: delivery ${one.number} has no outcome_unknown, but an outcome had ended the message at ${endOf(ended)} ms`;
    findings.broken("outcome-unknown-set", words);
  }
}

/** Returns when an outcome of this delivery had surely ended the message; NEVER: it did not. */
function endOf({ applied }: Delivery): RunMs {
  const hasEnded = applied?.state === "SUCCEEDED" || applied?.state === "DISCARDED";
  return hasEnded ? applied.to : NEVER;
}
