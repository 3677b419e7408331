import { OUTCOME_KINDS } from "../../history/shape.ts";
import { CLOCK_TOLERANCE_MS, NEVER } from "../clock.ts";
import type { Delivery } from "../delivery.ts";
import type { Findings } from "../findings.ts";
import type { Ledger, Message } from "../ledger.ts";

const QUARANTINED_ONLY = ["QUARANTINED"];
const SCHEDULED_ONLY = ["SCHEDULED"];

/** States that an applied outcome may lead to, by kind. If the message is gone, none is answered. */
const STATES_AFTER: Readonly<Record<number, readonly (string | undefined)[]>> = {
  [OUTCOME_KINDS.succeeded]: ["SUCCEEDED", undefined],
  [OUTCOME_KINDS.discarded]: ["DISCARDED", undefined],
  [OUTCOME_KINDS.failed]: ["SCHEDULED", "QUARANTINED"],
  [OUTCOME_KINDS.released]: SCHEDULED_ONLY,
  [OUTCOME_KINDS.quarantined]: QUARANTINED_ONLY,
};

/** Of two deliveries, one after the other: when the second was given out, the first token was dead. */
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

/** The last delivery is nobody else's, so that its outcome is taken whenever it comes. */
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
  // An outcome without an answer may have been applied before, if the message could come again.
  if ((takenAt === NEVER ? possible : a.mayHaveReturned(takenAt)) !== 0) return;
  const words = `${message}: an outcome of delivery ${number} was refused by ${lostAt} ms, nobody had taken it before ${takenAt} ms`;
  // Who had taken it, after it was issued and before it was refused, may be forgotten.
  findings.brokenUnlessForgotten("outcome-taken", words, issuedAt, lostAt);
}

/** An outcome is sent after its token was issued, and leads to the state that it asks for. */
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

/** Tokens that nobody got: made up by an odd actor, or on their way when a stream broke. */
export function checkStrangeTokens(ledger: Ledger, findings: Findings): void {
  for (const { message, token, applied, isNamed, isAckedByPolite } of ledger.tokens.values()) {
    if (message !== undefined) continue;
    if (isAckedByPolite && !isNamed) {
      findings.broken("history-whole", `token ${token} was acked and delivered to nobody`);
    }
    // A client gives back what was on its way to it, as ExtendLease has named it.
    if (applied !== undefined && !(isNamed && applied.kind === OUTCOME_KINDS.released)) {
      findings.broken("token-issued", `an outcome was applied under ${token}`);
    }
  }
}
