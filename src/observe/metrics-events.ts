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
  waiting(): number;
}

/** Metrics of events that are published. */
export function createEventMetrics(
  counter: Create<Counter>,
  gauge: Create<Gauge>,
): EventObserver & { watch(state: PublishingState): void; show(): void } {
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
  const up = gauge("dlq_nats_up", "1 while NATS takes events; 0 without a nats_url.", []);
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
  let watched: PublishingState | undefined;
  return {
    eventsPublished: (count) => published.inc(count),
    eventPublishFailed: () => failures.inc(),
    eventsMissed: (count) => missed.inc(count),
    watch(state) {
      watched = state;
    },
    show() {
      up.set(watched?.isUp() === true ? 1 : 0);
      failing.set((watched?.failingMs() ?? 0) / 1_000);
      waiting.set(watched?.waiting() ?? 0);
    },
  };
}
