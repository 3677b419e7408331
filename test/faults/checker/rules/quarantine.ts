import type { Plan } from "../../history/event.ts";
import { OUTCOME_KINDS } from "../../history/shape.ts";
import type { Findings } from "../findings.ts";
import type { Delivery, KeptState, Message } from "../ledger.ts";
import { endedUnknown } from "./duplicates.ts";

/** Leases in a row that end without an outcome, before a message is set aside. */
export const CRASH_LOOP = 5;
/** `exhaust` is sent with max_retries 2; the presets of the suite's failures have 3. */
const EXHAUST_RETRIES = 2;
const LEAST_RETRIES = 3;

const { failed, released, quarantined } = OUTCOME_KINDS;

/** What is in quarantine is there for a reason that what happened to it explains. */
export function checkEarned(message: Message, findings: Findings): void {
  const { kept } = message;
  if (kept === undefined) return;
  const { quarantineReason, attempts, number } = kept;
  if (kept.state !== "QUARANTINED" && quarantineReason === undefined) return;
  const words = `${message}: ${quarantineReason} after ${number} deliveries and ${attempts} failures`;
  if (kept.state === "QUARANTINED" && quarantineReason === "CRASH_LOOP") {
    checkCrashLoop(message, number, words, findings);
  } else if (!isEarned(message, kept)) findings.broken("quarantine-earned", words);
}

function isEarned(message: Message, kept: KeptState): boolean {
  if (kept.state !== "QUARANTINED") return false;
  const { plan } = message.source;
  // By the outcome of its last delivery.
  const byLast = (isIt: (one: Delivery) => boolean, expected: Plan | undefined) =>
    message.deliveries.some((one) => {
      if (one.number !== kept.number || !isIt(one)) return false;
      const byOdd = one.applied === undefined ? !one.isAckedByPolite : one.applied.byOdd;
      return plan === expected || expected === undefined || byOdd;
    });
  switch (kept.quarantineReason) {
    case "RETRIES_EXHAUSTED": {
      const retries = plan === "exhaust" ? EXHAUST_RETRIES : LEAST_RETRIES;
      return kept.attempts >= retries && byLast((one) => may(one, failed), undefined);
    }
    case "NON_RETRYABLE":
      return byLast((one) => may(one, failed) && saidNonRetryable(one), "bad");
    case "WORKER_REQUEST":
      return byLast((one) => may(one, quarantined), "quarantine");
    default:
      // Nothing in these runs is poison, outlives its time, or is set aside by its producer.
      return false;
  }
}

function may(one: Delivery, kind: number): boolean {
  return one.applied === undefined ? (one.possible & kind) !== 0 : one.applied.kind === kind;
}

function saidNonRetryable({ applied, possibleNonRetryable }: Delivery): boolean {
  return applied === undefined ? possibleNonRetryable : applied.nonRetryable;
}

/**
 * Deliveries since the last outcome that begins the count anew, less those that were released.
 * Those that nobody received count too: the server that had claimed them was killed.
 */
function checkCrashLoop(message: Message, number: number, words: string, findings: Findings): void {
  const ended = message.deliveries.filter(({ applied }) => applied !== undefined);
  const anew = ended.findLast(({ applied }) => applied?.kind !== released);
  const since = anew?.number ?? 0;
  const after = ended.filter((one) => one.number > since);
  if (number - since - after.length >= CRASH_LOOP) return;
  const excuse = (anew ?? after.at(-1))?.applied;
  if (excuse === undefined) findings.broken("quarantine-earned", words);
  else findings.brokenUnlessForgotten("quarantine-earned", words, excuse.from, excuse.to);
}

/** What has earned quarantine does not come again. */
export function checkDue(message: Message, findings: Findings): void {
  const { deliveries } = message;
  let expiries = 0;
  for (const [index, one] of deliveries.entries()) {
    const failures = one.attempt - 1;
    if (message.source.plan === "exhaust" && failures >= EXHAUST_RETRIES) {
      const words = `${message}: delivery ${one.number} after ${failures} failures of ${EXHAUST_RETRIES}`;
      findings.broken("quarantine-due", words);
    }
    const before = deliveries[index - 1];
    if (before === undefined) continue;
    if (endedUnknown(before, one)) expiries++;
    else if (before.applied?.kind !== released) expiries = 0;
    if (expiries < CRASH_LOOP) continue;
    const words = `${message}: delivery ${one.number} after ${expiries} leases without an outcome`;
    const from = deliveries[0]?.issuedAt ?? 0;
    findings.brokenUnlessForgotten("quarantine-due", words, from, one.issuedAt);
  }
}
