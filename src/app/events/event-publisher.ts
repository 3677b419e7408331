import type { DlqEvent, GapNotice } from "../../core/event.ts";

/** Publishes events to another system, such as NATS. */
export interface EventPublisher {
  /**
   * Publishes events of one queue in their order. Resolves when the system has all of them. Rejects if it does not take one: it
   * has none of those behind it, maybe that one, and all before it; publishing the same events again changes nothing for those
   * that it has, as far as it recognizes their ids.
   */
  publish(events: readonly DlqEvent[]): Promise<void>;
  /** Announces that events of a queue may be missing, or that some that were published did not happen. As `publish`. */
  publishGap(gap: GapNotice): Promise<void>;
  /** Resolves when nothing more is sent. */
  close(): Promise<void>;
}
