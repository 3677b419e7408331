import { hostOf } from "../../history/lanes.ts";
import { CLOCK_TOLERANCE_MS } from "../clock.ts";
import type { Findings } from "../findings.ts";
import type { Ledger, Message } from "../ledger.ts";
import { failureCounted, isGuarded } from "../spared.ts";

/**
 * A failure of a delivery from before the breaker of its host opened is not counted. Late ones are, if it
 * has closed again; and so is what no retry can help.
 */
export function checkBurned(message: Message, ledger: Ledger, findings: Findings): void {
  const host = isGuarded(message) ? hostOf(message.source.name) : undefined;
  if (host === undefined) return;
  const openings = ledger.openingsOf(message.source.queue, host);
  for (const one of message.deliveries) {
    const { applied, issuedAt, leaseEnd, number } = one;
    if (applied === undefined || applied.nonRetryable) continue;
    if (failureCounted(message, one) !== "yes") continue;
    if (applied.to + CLOCK_TOLERANCE_MS >= leaseEnd) continue;
    const openedAt = openings.find(
      (at) => at >= issuedAt && at + CLOCK_TOLERANCE_MS < applied.from,
    );
    if (openedAt === undefined) continue;
    const words = `${message}: the failure of delivery ${number}, issued at ${issuedAt} ms, was counted at ${applied.from} ms; its breaker had opened at ${openedAt} ms`;
    findings.brokenUnlessForgotten("not-burned", words, issuedAt, applied.to);
  }
}
