import type { Counter, Gauge } from "prom-client";
import type { EventObserver } from "../app/observer.ts";

type Create<M> = <T extends string>(name: string, help: string, labelNames: T[]) => M;

/** Publishing as this server sees it. */
export interface PublishingState {
  /** How long events cannot be published, in milliseconds; 0: they can. */
  readonly failingMs: number;
  /** Partitions whose events wait to be published. */
  readonly waiting: number;
}

/** Metrics of events that are published. There are none until a source is set. */
export function createEventMetrics(
  counter: Create<Counter>,
  gauge: Create<Gauge>,
): EventObserver & { watch(state: PublishingState): void; show(): void } {
  let metrics: ReturnType<typeof create> | undefined;
  let watched: PublishingState | undefined;
  const create = () => {
    const created = {
      published: counter("dlq_events_published_total", "Events that NATS has taken.", []),
      failures: counter("dlq_event_publish_failures_total", "Tries to publish that failed.", []),
      missed: counter(
        "dlq_events_missed_total",
        "State changes that were removed before they were published, or lost by the store after that.",
        [],
      ),
      failing: gauge(
        "dlq_event_publish_failing_seconds",
        "How long events cannot be published; 0: they can.",
        [],
      ),
      waiting: gauge(
        "dlq_event_partitions_waiting",
        "Partitions of this server whose events wait to be published.",
        [],
      ),
    };
    // From 0, so that the first one is an increase.
    for (const one of [created.published, created.failures, created.missed]) one.inc(0);
    return created;
  };
  return {
    eventsPublished: (count) => metrics?.published.inc(count),
    eventPublishFailed: () => metrics?.failures.inc(),
    eventsMissed: (count) => metrics?.missed.inc(count),
    watch(state) {
      metrics ??= create();
      watched = state;
    },
    show() {
      metrics?.failing.set((watched?.failingMs ?? 0) / 1_000);
      metrics?.waiting.set(watched?.waiting ?? 0);
    },
  };
}
