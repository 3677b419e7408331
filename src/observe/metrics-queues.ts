import type { Gauge } from "prom-client";
import type { QueueFigureSource, QueueFigures } from "../app/queues/queue-figures.ts";
import { OTHER, type QueueLabels } from "./queue-labels.ts";
import { type QueueSums, QueueSurvey, sumQueues } from "./queue-survey.ts";

type QueueGauge = Gauge<"queue">;
type CreateGauge = (name: string, help: string, labelNames: "queue"[]) => QueueGauge;

/** Scrapes within this time get the same numbers, so that scrapers do not load the store. */
const CACHE_MS = 1_000;

/**
 * Gauges of the store's contents. Those of queues with labels are read at a scrape; the sums of the others are read in the
 * background, see QueueSurvey. All are absent if the store does not answer: a stale number would look healthy.
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
  const workers = gauge(
    "dlq_workers",
    "Open worker sessions for the queue, on all servers, without quiet ones.",
    ["queue"],
  );
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
  const damaged = gauge(
    "dlq_damaged",
    "1 while the figures of the queue cannot be read: its data is damaged.",
    ["queue"],
  );
  const sizes = [breaker, held, size, oldest, inFlight, dueNow, workers, quarantined, paused];
  const all = [...sizes, damaged];

  const survey = new QueueSurvey(labels, now);

  let source: QueueFigureSource | undefined;
  let readAtMs = Number.NEGATIVE_INFINITY;
  let running: Promise<void> | undefined;
  /** The read of the store, which may go on after a scrape has given it up: the next one waits for it too. */
  let collecting: Promise<Collected> | undefined;

  function show(queue: string, sums: QueueSums): void {
    damaged.set({ queue }, sums.damaged);
    size.set({ queue }, sums.messages);
    inFlight.set({ queue }, sums.inFlight);
    dueNow.set({ queue }, sums.dueNow);
    workers.set({ queue }, sums.workers);
    quarantined.set({ queue }, sums.quarantined);
    paused.set({ queue }, sums.paused);
    breaker.set({ queue }, sums.openBreakers);
    held.set({ queue }, sums.heldKeys);
    oldest.set({ queue }, sums.oldestAgeMs / 1_000);
  }

  function showAll({ labelled, others }: Collected): void {
    for (const one of all) one.reset();
    for (const one of labelled) {
      // Its other figures are not known.
      if (one.damaged) damaged.set({ queue: one.queue }, 1);
      else show(one.queue, { ...one, paused: one.paused ? 1 : 0, damaged: 0 });
    }
    if (others !== undefined) show(OTHER, others);
  }

  async function read(from: QueueFigureSource): Promise<void> {
    try {
      collecting ??= collect(from, labels, survey).finally(() => {
        collecting = undefined;
      });
      const collected = await within(collecting, timeoutMs);
      showAll(collected);
      readAtMs = now();
      if (!labels.areForAll) void survey.step(collected.labelled);
    } catch {
      // The store's own metrics count the failure.
      for (const one of all) one.reset();
    }
  }

  return {
    setSource(next: QueueFigureSource): void {
      source = next;
      survey.reset(next);
      labels.setQueues(undefined);
      // Without an answer the first scrape finds out.
      next.first(labels.max + 1).then(
        (names) => labels.setQueues(names.length),
        () => {},
      );
      collecting = undefined;
      readAtMs = Number.NEGATIVE_INFINITY;
    },
    /** Never rejects. Scrapes at the same time share one read. */
    async refresh(): Promise<void> {
      if (source === undefined || now() - readAtMs < CACHE_MS) return;
      running ??= read(source).finally(() => {
        running = undefined;
      });
      await running;
    },
  };
}

interface Collected {
  readonly labelled: readonly QueueFigures[];
  readonly others: QueueSums | undefined;
}

/** Reads the queues with labels; all queues, if labels are for all. */
async function collect(
  source: QueueFigureSource,
  labels: QueueLabels,
  survey: QueueSurvey,
): Promise<Collected> {
  const names = await source.first(labels.max + 1);
  labels.setQueues(names.length);
  if (labels.areForAll) {
    survey.reset();
    const figures = await source.read(names);
    const labelled = figures.filter(({ queue }) => labels.of(queue) !== OTHER);
    const rest = figures.filter(({ queue }) => !labels.has(queue));
    return { labelled, others: rest.length === 0 ? undefined : sumQueues(rest) };
  }
  const existing = await source.existingOf(labels.names);
  const labelled = existing.size === 0 ? [] : await source.read([...existing]);
  return { labelled, others: survey.sums() };
}

function within<T>(work: Promise<T>, timeoutMs: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("the store is too slow")), timeoutMs);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
