import { OUTCOME_KINDS } from "../../history/shape.ts";
import { CLOCK_TOLERANCE_MS, NEVER } from "../clock.ts";
import type { Delivery } from "../delivery.ts";
import type { Findings } from "../findings.ts";
import type { Ledger, Message } from "../ledger.ts";

const QUARANTINED_ONLY = ["QUARANTINED"];
const SCHEDULED_ONLY = ["SCHEDULED"];

/** Kind of outcome -> states that its answer may have; undefined if the message is removed. */
const STATES_AFTER: Readonly<Record<number, readonly (string | undefined)[]>> = {
  [OUTCOME_KINDS.succeeded]: ["SUCCEEDED", undefined],
  [OUTCOME_KINDS.discarded]: ["DISCARDED", undefined],
  [OUTCOME_KINDS.failed]: ["SCHEDULED", "QUARANTINED"],
  [OUTCOME_KINDS.released]: SCHEDULED_ONLY,
  [OUTCOME_KINDS.quarantined]: QUARANTINED_ONLY,
};

/** Checks that the token of a delivery does not count after the next delivery. */
export function checkTokens(message: Message, a: Delivery, b: Delivery, findings: Findings): void {
  const pair = `${message}: deliveries ${a.number} and ${b.number}`;
  const replaced = b.issuedAt + CLOCK_TOLERANCE_MS;
  const lived = Math.max(a.applied?.from ?? -NEVER, a.extendSentAt);
  if (lived > replaced) {
    const words = `${pair}: the second was issued at ${b.issuedAt} ms, the token of the first counted at ${lived} ms or later`;
    findings.brokenUnlessForgotten("one-live-token", words, b.issuedAt, b.issuedAt);
  }
  if (b.number === a.number + 1) checkTaken(message, a, b.issuedAt, findings);
}

/** Checks that the outcome of the last delivery counts at any time. */
export function checkLast(message: Message, last: Delivery, findings: Findings): void {
  if (message.kept === undefined) return;
  const { number } = message.kept;
  if (number < last.number) {
    const words = `${message}: delivery ${last.number} came, ${number} are counted`;
    findings.brokenUnlessForgotten("numbers-grow", words, last.issuedAt, last.issuedAt);
  }
  if (number === last.number) checkTaken(message, last, NEVER, findings);
}

function checkTaken(message: Message, a: Delivery, takenAt: number, findings: Findings): void {
  const { applied, possible, lostAt, issuedAt, number } = a;
  if (applied !== undefined || lostAt + CLOCK_TOLERANCE_MS >= takenAt) return;
  // An earlier unanswered outcome may have been applied, if the message could be delivered again after it.
  if ((takenAt === NEVER ? possible : a.mayHaveReturned(takenAt)) !== 0) return;
  // Nobody acts on a message in flight: its lease had ended.
  if (message.acts.some(({ at }) => at >= issuedAt && at <= lostAt)) return;
  const words = `${message}: an outcome of delivery ${number} was refused by ${lostAt} ms, but no other worker had the message before ${takenAt} ms`;
  // A rollback may have undone the delivery that caused the refusal.
  findings.brokenUnlessForgotten("outcome-taken", words, issuedAt, lostAt);
}

/** Checks that an outcome was sent after its token was issued, and that its answer has the right state. */
export function checkOutcome(message: Message, one: Delivery, findings: Findings): void {
  const { applied, number, possibleFrom, issuedAt } = one;
  const sentAt = Math.min(applied?.from ?? NEVER, possibleFrom);
  if (sentAt + CLOCK_TOLERANCE_MS < issuedAt) {
    const words = `${message}: an outcome of delivery ${number} was sent at ${sentAt} ms, before its issue at ${issuedAt} ms`;
    findings.broken("history-whole", words);
  }
  if (applied === undefined) return;
  const { kind, nonRetryable, state } = applied;
  const isRuled = kind === OUTCOME_KINDS.failed && message.source.route === "rule";
  const allowed = nonRetryable || isRuled ? QUARANTINED_ONLY : STATES_AFTER[kind];
  if (allowed?.includes(state)) return;
  findings.broken("answer-fits", `${message}: delivery ${number} went to ${state ?? "no state"}`);
}

/** Checks tokens that no worker received: forged, or lost with a stream. */
export function checkUnreceivedTokens(ledger: Ledger, findings: Findings): void {
  for (const { message, token, applied, isNamed, isAckedByPolite } of ledger.tokens.values()) {
    if (message !== undefined) continue;
    if (isAckedByPolite && !isNamed) {
      findings.broken("history-whole", `token ${token} was acknowledged, but not delivered`);
    }
    // A client releases lost deliveries that ExtendLease listed.
    if (applied !== undefined && !(isNamed && applied.kind === OUTCOME_KINDS.released)) {
      findings.broken("token-issued", `an outcome was applied under ${token}`);
    }
  }
}
