import type { Gauge } from "prom-client";
import type { QueueReport } from "../app/commands.ts";
import type { QueueLabels } from "./metrics.ts";

export type CollectQueues = () => Promise<readonly QueueReport[]>;

type QueueGauge = Gauge<"queue">;
type CreateGauge = (name: string, help: string, labelNames: "queue"[]) => QueueGauge;

/** Scrapes within this time get the same numbers, so that scrapers do not load the store. */
const CACHE_MS = 1_000;

/**
 * Gauges of the store's contents. They are read at a scrape, not in the background, and are absent
 * if the store does not answer: a stale number would look healthy.
 */
export function createQueueGauges(
  gauge: CreateGauge,
  labels: QueueLabels,
  timeoutMs: number,
  now: () => number = () => performance.now(),
) {
  const size = gauge("dlq_size", "Messages stored, in any state.", ["queue"]);
  const oldest = gauge("dlq_oldest_message_age_seconds", "Age of the oldest message.", ["queue"]);
  const inFlight = gauge("dlq_in_flight", "Messages that workers hold.", ["queue"]);
  const dueNow = gauge("dlq_due_now", "Messages that are due and wait for a worker.", ["queue"]);
  const workers = gauge("dlq_workers", "Open worker sessions for the queue, on all servers.", [
    "queue",
  ]);
  const quarantined = gauge("dlq_quarantined", "Messages in quarantine.", ["queue"]);
  const paused = gauge("dlq_paused", "1 while delivery is paused.", ["queue"]);
  const breaker = gauge(
    "dlq_open_breakers",
    "Circuit breakers that are not closed, of the queue or of its keys.",
    ["queue"],
  );
  const held = gauge("dlq_held_ordering_keys", "Ordering keys blocked by a quarantined message.", [
    "queue",
  ]);
  const all = [breaker, held, size, oldest, inFlight, dueNow, workers, quarantined, paused];

  let collect: CollectQueues | undefined;
  let readAtMs = Number.NEGATIVE_INFINITY;
  let running: Promise<void> | undefined;
  /** The read of the store, which may go on after a scrape has given it up: the next one waits for it too. */
  let collecting: Promise<readonly QueueReport[]> | undefined;

  function show(reports: readonly QueueReport[]): void {
    for (const one of all) one.reset();
    const oldestMs = new Map<string, number>();
    for (const report of reports) {
      const queue = labels.of(report.queue);
      size.inc({ queue }, report.scheduled + report.inFlight + report.quarantined);
      inFlight.inc({ queue }, report.inFlight);
      dueNow.inc({ queue }, report.dueNow);
      workers.inc({ queue }, report.workers);
      quarantined.inc({ queue }, report.quarantined);
      paused.inc({ queue }, report.paused ? 1 : 0);
      breaker.inc({ queue }, report.openBreakers);
      held.inc({ queue }, report.heldKeys);
      oldestMs.set(queue, Math.max(oldestMs.get(queue) ?? 0, report.oldestAgeMs ?? 0));
    }
    for (const [queue, ms] of oldestMs) oldest.set({ queue }, ms / 1_000);
  }

  async function read(from: CollectQueues): Promise<void> {
    try {
      collecting ??= from().finally(() => {
        collecting = undefined;
      });
      show(await within(collecting, timeoutMs));
      readAtMs = now();
    } catch {
      // The store's own metrics count the failure.
      for (const one of all) one.reset();
    }
  }

  return {
    watch(next: CollectQueues): void {
      collect = next;
      collecting = undefined;
      readAtMs = Number.NEGATIVE_INFINITY;
    },
    /** Never rejects. Scrapes at the same time share one read. */
    async refresh(): Promise<void> {
      if (collect === undefined || now() - readAtMs < CACHE_MS) return;
      running ??= read(collect).finally(() => {
        running = undefined;
      });
      await running;
    },
  };
}

function within<T>(work: Promise<T>, timeoutMs: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("the store is too slow")), timeoutMs);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
