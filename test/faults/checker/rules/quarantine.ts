import type { Plan } from "../../history/event.ts";
import { OUTCOME_KINDS } from "../../history/shape.ts";
import { CLOCK_TOLERANCE_MS, NEVER, type RunMs } from "../clock.ts";
import type { Delivery } from "../delivery.ts";
import { isGuarded } from "../exempt.ts";
import type { FaultTimes } from "../fault-times.ts";
import type { Findings } from "../findings.ts";
import { gapsOf, maxExpiredIn } from "../gaps.ts";
import type { KeptState, Message } from "../ledger.ts";
import type { ReportedOutages } from "../reported-outages.ts";
import { endedUnknown } from "./duplicates.ts";
import { isSetAside, lastAct } from "./jobs.ts";

/** Consecutive leases without an outcome until a message is quarantined. */
export const CRASH_LOOP = 5;
/** `exhaust` is sent with max_retries 2; the presets of the suite's failures have 3. */
const EXHAUST_RETRIES = 2;
const MIN_RETRIES = 3;

const { failed, released, quarantined } = OUTCOME_KINDS;

/** Facts of the run that the rules for one message need. */
export interface Given {
  readonly findings: Findings;
  readonly times: FaultTimes;
  readonly outages: ReportedOutages;
  /** The shortest lease of the run. */
  readonly shortestLeaseMs: RunMs;
}

/** Checks that a quarantined message meets the condition of its quarantine reason. */
export function checkEarned(message: Message, given: Given): void {
  const { findings } = given;
  const { kept } = message;
  if (kept === undefined) return;
  const { quarantineReason, attempts, number } = kept;
  if (kept.state !== "QUARANTINED" && quarantineReason === undefined) return;
  const words = `${message}: ${quarantineReason} after ${number} deliveries and ${attempts} failures`;
  if (kept.state === "QUARANTINED" && quarantineReason === "CRASH_LOOP") {
    checkCrashLoop(message, words, given);
  } else if (!isEarned(message, kept)) findings.broken("quarantine-earned", words);
}

function isEarned(message: Message, kept: KeptState): boolean {
  if (kept.state !== "QUARANTINED") return false;
  const { plan, route } = message.source;
  // A routing rule comes first.
  const isRuled = route === "rule";
  // By the outcome of its last delivery.
  const byLast = (isIt: (one: Delivery) => boolean, expected: Plan | undefined) =>
    message.deliveries.some((one) => {
      if (one.number !== kept.number || !isIt(one)) return false;
      const byOdd = one.applied === undefined ? !one.isAckedByPolite : one.applied.byOdd;
      return plan === expected || expected === undefined || byOdd;
    });
  switch (kept.quarantineReason) {
    case "RETRIES_EXHAUSTED": {
      const retries = plan === "exhaust" ? EXHAUST_RETRIES : MIN_RETRIES;
      const isOut = kept.attempts >= retries && !isRuled;
      return isOut && byLast((one) => may(one, failed), undefined);
    }
    case "NON_RETRYABLE":
      return !isRuled && byLast((one) => may(one, failed) && saidNonRetryable(one), "bad");
    case "RULE":
      return isRuled && byLast((one) => may(one, failed), undefined);
    case "WORKER_REQUEST":
      return byLast((one) => may(one, quarantined), "quarantine");
    case "PRODUCER_REQUEST":
      return isSetAside(message, NEVER) && lastAct(message, ["quarantine"]) === undefined;
    case "OPERATOR_REQUEST":
      return isSetAside(message, NEVER) && lastAct(message, ["quarantine"]) !== undefined;
    default:
      // The suite has no other reasons.
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
 * Counts leases without an outcome since the last outcome that resets the count: leases of received deliveries and of
 * claims that faults lost, or a late store (see LostClaims). A released delivery counts only if its lease had expired before.
 */
function checkCrashLoop(message: Message, words: string, given: Given): void {
  const { findings, times, outages, shortestLeaseMs } = given;
  const { deliveries } = message;
  const ended = deliveries.filter(({ applied }) => applied !== undefined);
  const anew = ended.findLast(({ applied }) => applied?.kind !== released);
  const since = anew?.number ?? 0;
  const expired = deliveries.filter((one) => one.number > since && mayHaveExpired(one)).length;
  const lost = gapsOf(message)
    .filter(({ after }) => after >= since)
    .map((gap) => {
      const late = outages.between(gap.from, gap.to) ? 1 : 0;
      const most = times.mostExpired(gap.from, gap.to, shortestLeaseMs) + late;
      return Math.min(maxExpiredIn(gap, shortestLeaseMs), most);
    })
    .reduce((sum, claims) => sum + claims, 0);
  if (expired + lost >= CRASH_LOOP) return;
  // The lease of an outcome that a rollback undid counts, and so do those before it.
  const isForgotten = ended.some(
    ({ applied }) => applied && findings.mayHaveForgotten(applied.from, applied.to),
  );
  findings.brokenUnless(isForgotten, "quarantine-earned", words);
}

function mayHaveExpired({ applied, leaseEnd }: Delivery): boolean {
  return applied === undefined || applied.to + CLOCK_TOLERANCE_MS >= leaseEnd;
}

/** Checks that a message that must be quarantined is not delivered again. */
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
    // Expired leases do not count while a breaker is open.
    if (expiries < CRASH_LOOP || isGuarded(one)) continue;
    const words = `${message}: delivery ${one.number} after ${expiries} leases without an outcome`;
    const from = deliveries[0]?.issuedAt ?? 0;
    findings.brokenUnlessForgotten("quarantine-due", words, from, one.issuedAt);
  }
}
