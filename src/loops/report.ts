import type { SessionRegistry } from "../app/delivery/session-registry.ts";
import type { DecisionLog, Observer } from "../app/observer.ts";
import { DlqError } from "../core/errors.ts";
import { MOVE_LATE_MS } from "../core/lifetime.ts";
import { createdAtMs, formatMessageId } from "../core/message-id.ts";
import type { TickReply } from "../store/contract.ts";

export interface ReportParts {
  registry: SessionRegistry;
  observer: Observer;
  log: DecisionLog;
  /** Called when a queue is sealed, to finish its deletion. */
  onDeleting(queue: string): void;
  /** Called when a move to another queue is late, to finish it. */
  onMoveLate?(queue: string): void;
}

/** Reports whether a move to another queue is late, so that another server should finish it. */
function isMoveLate({ firstMoveAtMs, nowMs }: TickReply): boolean {
  return firstMoveAtMs !== undefined && nowMs - firstMoveAtMs >= MOVE_LATE_MS;
}

/** The store does not answer, which is logged elsewhere. Other errors of a tick are damaged data, or a defect. */
export const isOutage = (error: unknown): boolean =>
  error instanceof DlqError && error.kind === "STORE_UNAVAILABLE";

export function reportFailedTick(
  { log, observer }: Pick<ReportParts, "log" | "observer">,
  queue: string,
  error: unknown,
): void {
  observer.tickFailed(queue);
  log.warn({ queue, error: describe(error) }, "tick failed; retrying later");
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? `: ${error.cause.message}` : "";
  return `${error.message}${cause}`;
}

/** Reports the results of a tick to sessions, metrics and log. */
export function reportTick(parts: ReportParts, queue: string, reply: TickReply): void {
  if (reply.deleting) parts.onDeleting(queue);
  if (isMoveLate(reply)) parts.onMoveLate?.(queue);
  for (const session of parts.registry.of(queue)) session.notify(queue, reply.deliveryStatus);
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
    log.warn(facts, state === "QUARANTINED" ? "quarantined: crash loop" : "lease expired");
  }
}

function reportEnded({ observer, log }: ReportParts, queue: string, { ended, nowMs }: TickReply) {
  for (const { id, state, cause } of ended) {
    if (state === "EXPIRED") {
      observer.removed(queue, cause);
      observer.left(queue, Math.max(0, nowMs - createdAtMs(id)));
    }
    const quarantineReason = state === "QUARANTINED" ? "TTL_EXPIRED" : undefined;
    const facts = { queue, id: formatMessageId(id), state, cause, quarantineReason };
    log.info(
      facts,
      state === "QUARANTINED"
        ? "quarantined: time to live ended"
        : "removed: time to live or retention ended",
    );
  }
}
