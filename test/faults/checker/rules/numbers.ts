import type { Delivery } from "../delivery.ts";
import type { Findings } from "../findings.ts";
import type { Message } from "../ledger.ts";

/**
 * Sorts the deliveries of a message; numbers must grow with the time of issue. After a rollback a number is used again:
 * earlier deliveries with that number or a higher one are left out, because they have no effect.
 */
export function checkNumbers(message: Message, findings: Findings): void {
  if (message.deliveries.length < 2) return;
  const order: Delivery[] = [];
  const byIssue = message.deliveries.sort((a, b) => a.issuedAt - b.issuedAt || a.number - b.number);
  for (const one of byIssue) {
    for (let last = order.at(-1); last && last.number >= one.number; last = order.at(-1)) {
      const rule = last.number === one.number ? "number-once" : "numbers-grow";
      const words = `${message}: delivery ${last.number} was issued at ${last.issuedAt} ms, delivery ${one.number} at ${one.issuedAt} ms`;
      findings.brokenUnlessForgotten(rule, words, last.issuedAt, last.issuedAt);
      order.pop();
    }
    order.push(one);
  }
  message.deliveries = order;
}
