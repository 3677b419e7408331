import { OUTCOME_KINDS } from "../../history/shape.ts";
import { NEVER } from "../clock.ts";
import type { Delivery } from "../delivery.ts";
import { failureCounted } from "../exempt.ts";
import type { Findings } from "../findings.ts";
import { forgottenOf } from "../late-outcome.ts";
import type { Message } from "../ledger.ts";

const FAILED = OUTCOME_KINDS.failed;

/**
 * The attempts of a delivery are the counted failures before it, plus any number of the unanswered ones. A rollback may
 * undo failures, but not add any.
 */
export function checkAttempts(message: Message, findings: Findings): void {
  const { deliveries } = message;
  let sure = 0;
  let possible = 0;
  let from = NEVER;
  let to = -NEVER;
  const compare = (attempts: number, what: string, delivery?: Delivery): void => {
    if (attempts >= sure && attempts <= sure + possible) return;
    const words = `${message}: ${what} after ${attempts} failures; ${sure} were applied, ${possible} more may have been`;
    if (attempts > sure) findings.broken("attempts", words);
    else {
      const [first, last] = delivery ? forgottenOf(delivery, { from, to }) : [from, to];
      findings.brokenUnlessForgotten("attempts", words, first, last);
    }
  };
  for (const [index, one] of deliveries.entries()) {
    compare(one.attempt - 1, `delivery ${one.number}`, one);
    const { applied, hasUndoneFailure } = one;
    // It counted for claims that the rollback undid too.
    if (hasUndoneFailure && applied !== undefined) possible++;
    if (applied?.kind === FAILED) {
      const counted = failureCounted(one);
      if (counted === "yes") sure++;
      if (counted === "perhaps") possible++;
      from = Math.min(from, applied.from);
      to = Math.max(to, applied.to);
    } else if (mayHaveFailed(one, deliveries[index + 1])) possible++;
  }
  if (message.kept !== undefined) compare(message.kept.attempts, "it is stored");
}

/** Reports whether an unanswered failure may count: any if no delivery follows, else a retried one. */
export function mayHaveFailed(one: Delivery, next: Delivery | undefined): boolean {
  const kinds = next === undefined ? one.possible : one.mayHaveReturned(next.issuedAt);
  return one.applied === undefined && (kinds & FAILED) !== 0;
}
