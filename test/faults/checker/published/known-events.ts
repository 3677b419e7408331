import type { EventType } from "../../../../src/core/event.ts";
import type { Happened } from "../../history/published.ts";
import { OUTCOME_KINDS } from "../../history/shape.ts";
import { NEVER } from "../clock.ts";
import { failureCounted } from "../exempt.ts";
import type { Findings } from "../findings.ts";
import type { Message } from "../ledger.ts";

const TYPES: ReadonlyMap<number, EventType> = new Map([
  [OUTCOME_KINDS.succeeded, "retry_success"],
  [OUTCOME_KINDS.failed, "retry_failed"],
  [OUTCOME_KINDS.released, "released"],
  [OUTCOME_KINDS.quarantined, "moved_to_poison"],
  [OUTCOME_KINDS.discarded, "discarded"],
]);

/** Compares what producers and workers were answered, and what workers got, with what happened by the outbox. */
export function checkKnownEvents(
  messages: Iterable<Message>,
  happened: readonly Happened[],
  findings: Findings,
): void {
  const counts = new Map<string, number>();
  const nameOf = (type: EventType, message: string) => `${type} of ${message}`;
  const add = (to: Map<string, number>, name: string) => to.set(name, (to.get(name) ?? 0) + 1);
  for (const { type, message } of happened) add(counts, nameOf(type, message));
  for (const message of messages) {
    const expected = new Map<string, number>();
    if (message.sentAt !== NEVER && !findings.mayHaveForgottenSend(message.sentAt))
      add(expected, nameOf("message_added", message.id));
    for (const [index, one] of message.deliveries.entries()) {
      const before = message.deliveries[index - 1];
      if (before !== undefined && !findings.mayHaveForgotten(before.issuedAt, one.issuedAt)) {
        if (one.queue !== before.queue) add(expected, nameOf("moved", message.id));
        if (one.sum !== before.sum) add(expected, nameOf("edited", message.id));
      }
      // A failure that a breaker exempts is no attempt, and has no event.
      if (failureCounted(one) === "no" || failureCounted(one) === "perhaps") continue;
      const { applied } = one;
      if (applied === undefined || findings.mayHaveForgotten(applied.from, applied.to)) continue;
      const type = TYPES.get(applied.kind);
      if (type !== undefined) add(expected, nameOf(type, message.id));
    }
    for (const [name, times] of expected) {
      const found = counts.get(name) ?? 0;
      if (found >= times) continue;
      findings.broken(
        "answer-has-event",
        `${name}: ${times} are known, ${found} are in the outbox`,
      );
    }
  }
}
