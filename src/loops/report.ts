import type { SessionRegistry } from "../app/delivery/session-registry.ts";
import type { DecisionLog, Observer } from "../app/observer.ts";
import { createdAtMs, formatMessageId } from "../core/message-id.ts";
import type { TickReply } from "../store/contract.ts";
import { isMoveLate } from "./plan.ts";

export interface ReportParts {
  registry: SessionRegistry;
  observer: Observer;
  log: DecisionLog;
  /** A queue is sealed: somebody has to finish its deletion. */
  onDeleting(queue: string): void;
  /** Something has been on its way to another queue for too long: somebody has to take it there. */
  onMoveLate?(queue: string): void;
}

/** Tells streams, metrics and log what a tick has taken back or ended. */
export function reportTick(parts: ReportParts, queue: string, reply: TickReply): void {
  if (reply.deleting) parts.onDeleting(queue);
  if (isMoveLate(reply)) parts.onMoveLate?.(queue);
  for (const session of parts.registry.of(queue)) session.tell(queue, reply.deliveryStatus);
  reportLost(parts, queue, reply);
  reportEnded(parts, queue, reply);
  for (const { dueAtMs } of reply.claimed) {
    parts.observer.dueLag(queue, Math.max(0, reply.nowMs - dueAtMs));
  }
}

function reportLost({ registry, observer, log }: ReportParts, queue: string, { lost }: TickReply) {
  for (const { sessionId, id, deliveryNumber, state, heldMs } of lost) {
    registry.leasesEnded(sessionId, [{ queue, messageId: id, deliveryNumber }]);
    observer.attempt(queue, state === "QUARANTINED" ? "quarantined" : "expired");
    const facts = { queue, id: formatMessageId(id), state, deliveryNumber, heldMs };
    log.warn(facts, state === "QUARANTINED" ? "crash loop, quarantined" : "lease expired");
  }
}

function reportEnded({ observer, log }: ReportParts, queue: string, { ended, nowMs }: TickReply) {
  for (const { id, state } of ended) {
    if (state === "EXPIRED") {
      observer.left(queue, Math.max(0, nowMs - createdAtMs(id)));
    }
    const quarantineReason = state === "QUARANTINED" ? "TTL_EXPIRED" : undefined;
    const facts = { queue, id: formatMessageId(id), state, quarantineReason };
    log.info(facts, "time to live or retention ended");
  }
}
