import { hostOf } from "../../history/guarded-facts.ts";
import { CLOCK_TOLERANCE_MS } from "../clock.ts";
import { failureCounted, isGuarded } from "../exempt.ts";
import type { Findings } from "../findings.ts";
import type { Ledger, Message } from "../ledger.ts";

/**
 * A failure does not count if its delivery came before the breaker of its host opened. It does if it is non-retryable, or
 * comes after the breaker closed again.
 */
export function checkBurned(message: Message, ledger: Ledger, findings: Findings): void {
  const host = hostOf(message.source.name);
  if (host === undefined) return;
  for (const one of message.deliveries) {
    const { applied, issuedAt, leaseEnd, number } = one;
    if (applied === undefined || applied.nonRetryable || message.source.route === "rule") continue;
    if (!isGuarded(one) || failureCounted(one) !== "yes") continue;
    if (applied.to + CLOCK_TOLERANCE_MS >= leaseEnd) continue;
    const openedAt = ledger
      .openingsOf(one.queue, host)
      .find((at) => at >= issuedAt && at + CLOCK_TOLERANCE_MS < applied.from);
    if (openedAt === undefined) continue;
    const words = `${message}: the failure of delivery ${number}, issued at ${issuedAt} ms, was counted at ${applied.from} ms; its breaker had opened at ${openedAt} ms`;
    findings.brokenUnlessForgotten("exempt-not-counted", words, issuedAt, applied.to);
  }
}
