import { OUTCOME_KINDS } from "../../history/shape.ts";
import { CLOCK_TOLERANCE_MS } from "../clock.ts";
import { MIN_RELEASE_MS } from "../delivery.ts";
import type { Findings } from "../findings.ts";
import { forgottenOf } from "../late-outcome.ts";
import type { Message } from "../ledger.ts";
import { lastAct } from "./jobs.ts";

/** No delivery is issued before the due time that the producer or the previous worker got, unless a batch job retried the message. */
export function checkDueTimes(message: Message, findings: Findings): void {
  const { deliveries } = message;
  for (const [index, delivery] of deliveries.entries()) {
    const { number, issuedAt } = delivery;
    const retriedAt = lastAct(message, ["retry"], issuedAt)?.at;
    if (issuedAt < message.dueAt && retriedAt === undefined) {
      const words = `${message}: delivery ${number} was issued at ${issuedAt} ms, due at ${message.dueAt} ms`;
      findings.broken("not-early", words);
    }
    const applied = deliveries[index - 1]?.applied;
    if (applied === undefined || issuedAt >= applied.dueAt) continue;
    if (retriedAt !== undefined && retriedAt >= applied.from) continue;
    const words = `${message}: delivery ${number} was issued at ${issuedAt} ms, due again at ${applied.dueAt} ms`;
    findings.brokenUnlessForgotten("not-early", words, ...forgottenOf(delivery, applied));
  }
  for (const { applied, number } of deliveries) {
    if (applied?.kind !== OUTCOME_KINDS.released || applied.state !== "SCHEDULED") continue;
    const pauseMs = applied.dueAt - applied.from;
    if (pauseMs >= MIN_RELEASE_MS - CLOCK_TOLERANCE_MS) continue;
    const words = `${message}: delivery ${number} was released and due ${pauseMs} ms later`;
    findings.broken("not-early", words);
  }
}
