import type { DlqEvent, GapNotice } from "../../core/event.ts";

/** Publishes events to another system, such as NATS. */
export interface EventPublisher {
  /**
   * Publishes events of one queue in order. Resolves when the system has all of them. Rejects at the first event that is refused:
   * all before it are published, it may be, none after it is. Calling again with the same events is safe where the system
   * recognizes their ids.
   */
  publish(events: readonly DlqEvent[]): Promise<void>;
  /** Announces that events of a queue may be missing, or that some that were published did not happen. As `publish`. */
  publishGap(gap: GapNotice): Promise<void>;
  /** Resolves when nothing more is sent. */
  close(): Promise<void>;
}
