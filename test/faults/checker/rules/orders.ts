import { GUARDED_QUEUE, HOLD_MS, orderOf } from "../../history/guarded-facts.ts";
import { queueAfterFailure } from "../../history/routes.ts";
import { OUTCOME_KINDS } from "../../history/shape.ts";
import { CLOCK_TOLERANCE_MS, type RunMs } from "../clock.ts";
import type { Delivery } from "../delivery.ts";
import type { Findings } from "../findings.ts";
import type { Ledger, Message } from "../ledger.ts";
import { firstPlace } from "./places.ts";

interface Issue {
  readonly message: Message;
  readonly delivery: Delivery;
  /** It was sent to this queue and never left it, so its id has its place in the order. */
  readonly isNative: boolean;
  /** Quarantined in this queue. A rule may quarantine in another queue. */
  readonly isSetAside: boolean;
}

/**
 * One message of an ordering key is delivered at a time, in the order of their ids. Messages after a quarantined one wait.
 * The suite retries nothing from quarantine.
 */
export function checkOrders(ledger: Ledger, findings: Findings): void {
  const orders = new Map<string, Issue[]>();
  for (const message of ledger.messages.values()) {
    const order = orderOf(message.source.name);
    if (order === undefined) continue;
    const issues = orders.get(order) ?? [];
    issues.push(...issuesOf(message));
    orders.set(order, issues);
  }
  for (const issues of orders.values()) checkOrder(issues, findings);
}

function issuesOf(message: Message): Issue[] {
  const { source, deliveries } = message;
  let isNative = firstPlace(message) === GUARDED_QUEUE;
  return deliveries.flatMap((delivery) => {
    isNative &&= delivery.queue === GUARDED_QUEUE;
    if (delivery.queue !== GUARDED_QUEUE) return [];
    const { applied } = delivery;
    const isFailure = applied?.kind === OUTCOME_KINDS.failed;
    const place = isFailure ? queueAfterFailure(source.route, GUARDED_QUEUE) : GUARDED_QUEUE;
    const isSetAside = applied?.state === "QUARANTINED" && place === GUARDED_QUEUE;
    return [{ message, delivery, isNative, isSetAside }];
  });
}

function checkOrder(issues: Issue[], findings: Findings): void {
  issues.sort(
    (a, b) => a.delivery.issuedAt - b.delivery.issuedAt || (a.message.id < b.message.id ? -1 : 1),
  );
  let latest: Issue | undefined;
  let recent: Issue[] = [];
  for (const issue of issues) {
    const { message, delivery } = issue;
    const at = delivery.issuedAt;
    if (!issue.isNative) {
      // Its place in this queue is unknown.
    } else if (latest !== undefined && message.id < latest.message.id) {
      const words = `${message}: delivery ${delivery.number} was issued at ${at} ms, after one of ${latest.message}, which came later`;
      findings.brokenUnlessForgotten("in-order", words, message.createdAt, at);
    } else latest = issue;
    recent = recent.filter((one) => freeAt(one) > at + CLOCK_TOLERANCE_MS);
    for (const other of recent) {
      if (other.message !== message) checkPair(other, issue, findings);
    }
    recent.push(issue);
  }
}

/**
 * Returns the earliest time at which the key may continue. A delivery without an outcome holds it beyond its lease, until
 * the next delivery. After an expired lease the message may be quarantined as a crash loop, until a late outcome.
 */
function freeAt({ delivery, isSetAside }: Issue): RunMs {
  const { applied, possible, issuedAt, leaseEnd } = delivery;
  if (applied === undefined) return possible === 0 ? leaseEnd : issuedAt;
  if (isSetAside) return Math.min(applied.from, leaseEnd) + HOLD_MS;
  return Math.min(applied.from, leaseEnd + HOLD_MS);
}

/** Checks that the second was not issued while the first held the key. */
function checkPair(a: Issue, b: Issue, findings: Findings): void {
  const { applied, issuedAt, extendSentAt, number } = a.delivery;
  const at = b.delivery.issuedAt;
  const isHeld = a.isSetAside && applied !== undefined && applied.from <= at;
  const words = `${b.message}: delivery ${b.delivery.number} was issued at ${at} ms, while delivery ${number} of ${a.message} ${isHeld ? "held" : "had"} their key`;
  if (isHeld) findings.brokenUnlessForgotten("order-held", words, applied.from, applied.to);
  else {
    const writtenTo = Math.max(issuedAt, extendSentAt);
    findings.brokenUnlessForgotten("one-of-a-key", words, issuedAt, writtenTo);
  }
}
