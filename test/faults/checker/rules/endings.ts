import { OUTCOME_KINDS } from "../../history/shape.ts";
import { CLOCK_TOLERANCE_MS, NEVER, UNKNOWN } from "../clock.ts";
import type { Delivery } from "../delivery.ts";
import type { Findings } from "../findings.ts";
import { forgottenOf } from "../late-outcome.ts";
import type { Message } from "../ledger.ts";
import { removalOf } from "./jobs.ts";

/** Outcomes that remove a message. */
export const TERMINAL = OUTCOME_KINDS.succeeded | OUTCOME_KINDS.discarded;

/**
 * An acknowledged or delivered message is stored at the end, or a batch job or an applied or unanswered outcome ended it. Only the last
 * delivery can have ended it by an unanswered outcome: after a new delivery, earlier ones do not count.
 */
export function checkEnding(message: Message, findings: Findings): void {
  const { kept, deliveries } = message;
  const endings = deliveries.filter(({ applied }) => isEnding(applied));
  for (const { applied, number } of endings) {
    const words = `${message}: delivery ${number} ended it by ${applied?.to} ms`;
    const later = deliveries.find((one) => one.number > number);
    const again =
      later !== undefined
        ? `delivery ${later.number} came at ${later.at} ms`
        : kept !== undefined && (kept.state !== "QUARANTINED" || isGone(applied))
          ? `it is stored as ${kept.state}`
          : undefined;
    if (applied === undefined || again === undefined) continue;
    // A claim before the outcome cannot have lost it: then the rollback undid the claim.
    const [from, to] =
      later === undefined ? [applied.from, applied.to] : forgottenOf(later, applied);
    findings.brokenUnlessForgotten("stays-ended", `${words}, ${again}`, from, to);
  }
  if (kept === undefined && !endings.some(({ applied }) => isGone(applied))) {
    checkNotLost(message, findings);
  }
  for (const one of deliveries) {
    if (one.notFoundAt !== NEVER) checkGone(message, one, findings);
  }
}

function checkNotLost(message: Message, findings: Findings): void {
  const { deliveries, createdAt } = message;
  if (removalOf(message) !== undefined) return;
  const at = deliveries.findLastIndex(
    ({ applied, possible }) => applied === undefined && (possible & TERMINAL) !== 0,
  );
  const number = deliveries[at]?.number;
  const next = deliveries.find((one) => number !== undefined && one.number > number);
  if (number !== undefined && next === undefined) return;
  const last = deliveries.at(-1);
  const words =
    last === undefined
      ? `${message} was acknowledged at ${message.sentAt} ms, but neither stored nor delivered`
      : `${message} is not stored; its delivery ${last.number} did not end it`;
  if (next === undefined && message.sentAt !== NEVER) {
    findings.brokenUnless(findings.mayHaveForgottenSend(createdAt), "not-lost", words);
    return;
  }
  const writtenAt = next?.issuedAt ?? createdAt;
  findings.brokenUnlessForgotten("not-lost", words, writtenAt, writtenAt);
}

/** After NOT_FOUND from a queue, the message is never there again, unless it moved there. */
function checkGone(message: Message, delivery: Delivery, findings: Findings): void {
  const places = [...message.deliveries, ...(message.kept === undefined ? [] : [message.kept])];
  if (places.some(({ number, queue }) => number >= delivery.number && queue !== delivery.queue))
    return;
  const after = delivery.notFoundAt + CLOCK_TOLERANCE_MS;
  const words = `${message} was gone at ${delivery.notFoundAt} ms`;
  const there =
    message.kept !== undefined
      ? "it is stored"
      : message.deliveries.find(({ issuedAt }) => issuedAt > after) !== undefined
        ? "it was delivered later"
        : message.deliveries.find(({ applied }) => (applied?.from ?? UNKNOWN) > after) !== undefined
          ? "an outcome was applied to it later"
          : undefined;
  if (there === undefined) return;
  findings.brokenUnlessForgotten("stays-ended", `${words}, ${there}`, delivery.issuedAt, after);
}

type Applied = Delivery["applied"];

function isGone(applied: Applied): boolean {
  return applied !== undefined && (applied.kind & TERMINAL) !== 0;
}

/** Reports whether no delivery may follow: the message is removed or quarantined. */
function isEnding(applied: Applied): boolean {
  return isGone(applied) || applied?.state === "QUARANTINED";
}

/** Checks the end of the run: all faults are over and the workers have drained every queue. */
export function checkFinished(message: Message, findings: Findings): void {
  const { kept, deliveries, source } = message;
  if (source.plan !== "baseline") {
    const mayWait = source.plan === "job" && kept?.state === "SCHEDULED";
    if (kept !== undefined && kept.state !== "QUARANTINED" && !mayWait) {
      findings.broken("finished", `${message} is still ${kept.state}`);
    }
    return;
  }
  const [first] = deliveries;
  if (first !== undefined) {
    findings.broken("baseline-untouched", `${message} was delivered at ${first.at} ms`);
  } else if (kept !== undefined && (kept.state !== "SCHEDULED" || kept.number > 0)) {
    const words = `${message} is ${kept.state} after ${kept.number} deliveries`;
    findings.broken("baseline-untouched", words);
  }
}
