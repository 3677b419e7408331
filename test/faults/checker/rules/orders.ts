import { GUARDED_QUEUE, HOLD_MS, orderOf } from "../../history/lanes.ts";
import { CLOCK_TOLERANCE_MS, type RunMs } from "../clock.ts";
import type { Delivery } from "../delivery.ts";
import type { Findings } from "../findings.ts";
import type { Ledger, Message } from "../ledger.ts";

interface Issue {
  readonly message: Message;
  readonly delivery: Delivery;
}

/**
 * Of each ordering key one message at a time is delivered, in the order of their arrival, which ids
 * tell; what comes after a quarantined one waits. Nobody brings anything back from quarantine.
 */
export function checkOrders(ledger: Ledger, findings: Findings): void {
  const orders = new Map<string, Issue[]>();
  for (const message of ledger.messages.values()) {
    const order = orderOf(message.source.name);
    if (order === undefined || message.source.queue !== GUARDED_QUEUE) continue;
    const issues = orders.get(order) ?? [];
    issues.push(...message.deliveries.map((delivery) => ({ message, delivery })));
    orders.set(order, issues);
  }
  for (const issues of orders.values()) checkOrder(issues, findings);
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
    if (latest !== undefined && message.id < latest.message.id) {
      const words = `${message}: delivery ${delivery.number} was issued at ${at} ms, after one of ${latest.message}, which came later`;
      findings.brokenUnlessForgotten("in-order", words, message.createdAt, at);
    } else latest = issue;
    recent = recent.filter((one) => freeAt(one.delivery) > at + CLOCK_TOLERANCE_MS);
    for (const other of recent) {
      if (other.message !== message) checkPair(other, issue, findings);
    }
    recent.push(issue);
  }
}

/**
 * When the key may go on, at the soonest. What has no outcome is live beyond its lease; what is handed out
 * again shows by that. One whose lease has ended may be in quarantine for as many of them, until its
 * outcome comes late.
 */
function freeAt({ applied, possible, issuedAt, leaseEnd }: Delivery): RunMs {
  if (applied === undefined) return possible === 0 ? leaseEnd : issuedAt;
  if (applied.state === "QUARANTINED") return Math.min(applied.from, leaseEnd) + HOLD_MS;
  return Math.min(applied.from, leaseEnd + HOLD_MS);
}

/** While the first keeps the key for itself, the second was issued. */
function checkPair(a: Issue, b: Issue, findings: Findings): void {
  const { applied, issuedAt, extendSentAt, number } = a.delivery;
  const at = b.delivery.issuedAt;
  const isHeld = applied?.state === "QUARANTINED" && applied.from <= at;
  const words = `${b.message}: delivery ${b.delivery.number} was issued at ${at} ms, while delivery ${number} of ${a.message} ${isHeld ? "held" : "had"} their key`;
  if (isHeld) findings.brokenUnlessForgotten("order-held", words, applied.from, applied.to);
  else {
    const writtenTo = Math.max(issuedAt, extendSentAt);
    findings.brokenUnlessForgotten("one-of-a-key", words, issuedAt, writtenTo);
  }
}
