import type { DlqEvent, GapNotice } from "../../core/event.ts";

/** Publishes events to another system, such as NATS. */
export interface EventPublisher {
  /**
   * Publishes events of one queue in order. Resolves when all are stored. Rejects at the first event that is refused: those before
   * it are published, it may be, those after it are not. Repeating the call is safe if the system recognizes the ids of events.
   */
  publish(events: readonly DlqEvent[]): Promise<void>;
  /** Announces that events of a queue may be missing, or that some that were published did not happen. As `publish`. */
  publishGap(gap: GapNotice): Promise<void>;
  /** Resolves when nothing more is sent. */
  close(): Promise<void>;
}
