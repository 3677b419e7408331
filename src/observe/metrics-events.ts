import type { Counter, Gauge } from "prom-client";
import type { EventObserver } from "../app/observer.ts";

type Create<M> = <T extends string>(name: string, help: string, labelNames: T[]) => M;

/** Publishing as this server sees it. */
export interface PublishingState {
  /** Whether NATS takes events. */
  isUp(): boolean;
  /** How long events cannot be published, in milliseconds; 0: they can, or there were none. */
  failingMs(): number;
  /** Partitions whose events wait to be published. */
  waitingPartitions(): number;
  /** What waits in them. `sinceMs`: since when, on the wall clock; undefined: nothing does. */
  backlog(): { readonly bytes: number; readonly sinceMs: number | undefined };
}

/** Metrics of events that are published. */
export function createEventMetrics(
  counter: Create<Counter>,
  gauge: Create<Gauge>,
): EventObserver & { setPublishing(state: PublishingState): void; show(): void } {
  const published = counter("dlq_events_published_total", "Events that NATS has taken.", []);
  const failures = counter(
    "dlq_event_publish_failures_total",
    "Tries to publish events that failed.",
    [],
  );
  const missed = counter(
    "dlq_event_changes_missed_total",
    "State changes that were removed before they were published, or lost by the store after that.",
    [],
  );
  const failing = gauge(
    "dlq_event_publish_failing_seconds",
    "How long events cannot be published; 0: they can, or there were none.",
    [],
  );
  const waiting = gauge(
    "dlq_event_partitions_waiting",
    "Partitions of this server whose events wait to be published.",
    [],
  );
  const backlog = gauge(
    "dlq_event_backlog_bytes",
    "Bytes of state changes of this server's partitions whose events wait to be published.",
    [],
  );
  const oldest = gauge(
    "dlq_event_oldest_waiting_seconds",
    "Age of the oldest state change whose events wait to be published; 0: none.",
    [],
  );
  const up = gauge("dlq_nats_up", "1 while NATS takes events; absent without a nats_url.", []);
  up.remove();
  let publishing: PublishingState | undefined;
  return {
    eventsPublished: (count) => published.inc(count),
    eventPublishFailed: () => failures.inc(),
    eventsMissed: (count) => missed.inc(count),
    setPublishing(state) {
      publishing = state;
    },
    show() {
      const { bytes = 0, sinceMs } = publishing?.backlog() ?? {};
      if (publishing !== undefined) up.set(publishing.isUp() ? 1 : 0);
      backlog.set(bytes);
      oldest.set(sinceMs === undefined ? 0 : Math.max(0, Date.now() - sinceMs) / 1_000);
      failing.set((publishing?.failingMs() ?? 0) / 1_000);
      waiting.set(publishing?.waitingPartitions() ?? 0);
    },
  };
}
