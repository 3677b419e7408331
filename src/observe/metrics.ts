import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type {
  AttemptStatus,
  EditObserver,
  EventObserver,
  Observer,
  RemovalCause,
  RuleObserver,
} from "../app/observer.ts";
import type { QueueFigureSource } from "../app/queues/queue-figures.ts";
import type { DlqErrorKind } from "../core/errors.ts";
import { REASON_NAMES } from "../core/reason.ts";
import { createEventMetrics, type PublishingState } from "./metrics-events.ts";
import { createFileGauges, type FilesState } from "./metrics-files.ts";
import { createQueueGauges } from "./metrics-queues.ts";
import { QueueLabels } from "./queue-labels.ts";

/** Every status, checked by the compiler. */
const ATTEMPT_STATUSES = Object.keys({
  succeeded: true,
  failed: true,
  released: true,
  expired: true,
  quarantined: true,
  discarded: true,
} satisfies Record<AttemptStatus, true>);

const REMOVAL_CAUSES = ["expired", "retention"] satisfies RemovalCause[];

/** Errors of sends. */
const SEND_ERRORS = [
  "LIMIT",
  "STORE_FULL",
  "STORE_UNAVAILABLE",
  "NOT_FOUND",
  "QUEUE_DELETING",
  "ABORTED",
  "INTERNAL",
] satisfies DlqErrorKind[];

/** All metrics that parts of the server report. Calls are cheap and never throw. */
export interface Metrics extends Observer, RuleObserver, EditObserver, EventObserver {
  /** A call ended; a stream counts with its whole duration. */
  rpc(method: string, code: string, ms: number): void;
  /** One round trip to the store; `error` is a short, bounded name. */
  store(script: string, ms: number, error?: string): void;
  /** Streams opened (+1) and closed (-1). */
  streams(method: string, delta: number): void;
}

/** The store as this server sees it, for gauges that stay when the store does not answer. */
export interface StoreGauges {
  /** Whether the store can be used; what `/readyz` says. */
  isUp(): boolean;
  /** Whether sends are refused because it is full. */
  isFull(): boolean;
  /** Whether it drops keys when its memory is full. */
  evicts(): boolean;
}

/** Metrics that can be scraped. */
export interface MetricsRegistry extends Metrics {
  readonly contentType: string;
  /** Sets the source of the queue gauges. It is read at most once a second, at a scrape. */
  setQueues(source: QueueFigureSource): void;
  /** Sets the source of the gauges of the store itself. They are read at each scrape, without a call to the store. */
  setStore(state: StoreGauges): void;
  /** Sets the source of the gauges of files. It is called at each scrape. */
  setFiles(states: () => readonly FilesState[]): void;
  /** Sets the source of the gauges of publishing. It is read at each scrape. */
  setPublishing(state: PublishingState): void;
  /** Removes the series of a deleted queue. A new queue of that name starts at zero. */
  forget(queue: string): void;
  render(): Promise<string>;
}

export interface MetricsOptions {
  /** Prefix of each name, followed by `_`; empty: none. */
  namespace: string;
  /** Queues with their own label, see QueueLabels; the others share `/other`. */
  maxQueues: number;
  buildInfo: Readonly<Record<string, string>>;
  /**
   * How long a scrape waits for the store, in milliseconds; after that the queue gauges are absent. Default 8,000: Prometheus
   * gives up after 10.
   */
  collectTimeoutMs?: number;
  /** A monotonic clock in milliseconds. */
  now?: () => number;
}

/** In seconds. */
const CALL_BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5, 15, 60];
const WORK_BUCKETS = [0.005, 0.025, 0.1, 0.25, 1, 2.5, 10, 30, 60, 300, 1800, 3600, 43_200];
const AGE_BUCKETS = [0.1, 1, 5, 15, 60, 300, 900, 3600, 14_400, 43_200, 86_400, 259_200, 604_800];

export function createMetrics(options: MetricsOptions): MetricsRegistry {
  const registry = new Registry();
  const registers = [registry];
  const prefix = options.namespace === "" ? "" : `${options.namespace}_`;
  const labels = new QueueLabels(options.maxQueues);

  const counter = <T extends string>(name: string, help: string, labelNames: T[]) =>
    new Counter({ name: prefix + name, help, labelNames, registers });
  const gauge = <T extends string>(name: string, help: string, labelNames: T[]) =>
    new Gauge({ name: prefix + name, help, labelNames, registers });
  const histogram = <T extends string>(
    name: string,
    help: string,
    labelNames: T[],
    buckets: number[],
  ) => new Histogram({ name: prefix + name, help, labelNames, buckets, registers });

  collectDefaultMetrics({ register: registry, prefix });
  // Gauges that are named like counters.
  for (const name of ["handles", "requests", "resources"])
    registry.removeSingleMetric(`${prefix}nodejs_active_${name}_total`);
  gauge(
    "dlq_build_info",
    "Versions of this process; always 1.",
    Object.keys(options.buildInfo),
  ).set(options.buildInfo, 1);

  const messages = counter("dlq_messages_total", "Sends that became new messages.", [
    "queue",
    "reason",
  ]);
  const refused = counter("dlq_sends_refused_total", "Sends that failed, by error.", ["error"]);
  // From 0, so that the first failure is an increase.
  for (const error of SEND_ERRORS) refused.inc({ error }, 0);
  const attempts = counter("dlq_retry_attempts_total", "Deliveries, by how they ended.", [
    "queue",
    "status",
  ]);
  const removals = counter(
    "dlq_removed_total",
    "Messages that were removed without being processed, by cause.",
    ["queue", "cause"],
  );
  const age = histogram(
    "dlq_message_age_seconds",
    "Age of messages when they leave.",
    ["queue"],
    AGE_BUCKETS,
  );
  const processing = histogram(
    "dlq_processing_time_seconds",
    "From the lease to the reported outcome.",
    ["queue"],
    WORK_BUCKETS,
  );
  const lag = histogram(
    "dlq_due_lag_seconds",
    "From the due time to the delivery.",
    ["queue"],
    CALL_BUCKETS,
  );
  const rpc = histogram(
    "dlq_rpc_duration_seconds",
    "Calls by method and code; streams with their whole duration.",
    ["method", "code"],
    CALL_BUCKETS,
  );
  const store = histogram(
    "dlq_store_duration_seconds",
    "Round trips to the store.",
    ["script"],
    CALL_BUCKETS,
  );
  const storeErrors = counter("dlq_store_errors_total", "Round trips that failed.", [
    "script",
    "error",
  ]);
  const ticksFailed = counter(
    "dlq_ticks_failed_total",
    "Ticks of the queue that failed although the store answers: its data is damaged.",
    ["queue"],
  );
  const editsRefused = counter(
    "dlq_transforms_refused_total",
    "Messages that the transforms of their queue could not edit, and that continued without them.",
    ["queue"],
  );
  const streams = gauge("dlq_streams", "Streams open on this server.", ["method"]);
  const full = gauge("dlq_store_full", "1 while sends are refused because the store is full.", []);
  const up = gauge("dlq_store_up", "1 while the store can be used; 0 while calls fail.", []);
  const evicts = gauge(
    "dlq_store_evicts",
    "1 while the store drops keys when its memory is full.",
    [],
  );
  let storeState: StoreGauges | undefined;
  const fileGauges = createFileGauges(gauge);
  let fileStates: () => readonly FilesState[] = () => [];
  const queueGauges = createQueueGauges(
    gauge,
    labels,
    options.collectTimeoutMs ?? 8_000,
    options.now,
  );

  const eventMetrics = createEventMetrics(counter, gauge);
  const seconds = (ms: number) => Math.max(0, ms) / 1_000;
  return {
    contentType: registry.contentType,
    ...createRuleMetrics(counter),
    ...eventMetrics,
    refused: (error) => refused.inc({ error }),
    accepted: (queue, reason) => messages.inc({ queue: labels.of(queue), reason }),
    attempt: (queue, status, n = 1) => attempts.inc({ queue: labels.of(queue), status }, n),
    left: (queue, ageMs) => age.observe({ queue: labels.of(queue) }, seconds(ageMs)),
    removed: (queue, cause) => removals.inc({ queue: labels.of(queue), cause }),
    processed: (queue, ms) => processing.observe({ queue: labels.of(queue) }, seconds(ms)),
    tickFailed: (queue) => ticksFailed.inc({ queue: labels.of(queue) }),
    dueLag: (queue, ms) => lag.observe({ queue: labels.of(queue) }, seconds(ms)),
    rpc: (method, code, ms) => rpc.observe({ method, code }, seconds(ms)),
    store(script, ms, error) {
      store.observe({ script }, seconds(ms));
      if (error !== undefined) storeErrors.inc({ script, error });
    },
    transformsRefused: (queue) => editsRefused.inc({ queue: labels.of(queue) }),
    streams: (method, delta) => streams.inc({ method }, delta),
    setQueues: (source) => queueGauges.setSource(source),
    setStore(state) {
      storeState = state;
    },
    setFiles(states) {
      fileStates = states;
    },
    forget(queue) {
      if (!labels.forget(queue)) return;
      for (const reason of REASON_NAMES) messages.remove({ queue, reason });
      for (const status of ATTEMPT_STATUSES) attempts.remove({ queue, status });
      for (const cause of REMOVAL_CAUSES) removals.remove({ queue, cause });
      for (const one of [age, processing, lag, editsRefused]) one.remove({ queue });
    },
    async render() {
      await queueGauges.refresh();
      fileGauges.show(fileStates());
      eventMetrics.show();
      up.set(storeState?.isUp() === true ? 1 : 0);
      full.set(storeState?.isFull() === true ? 1 : 0);
      evicts.set(storeState?.evicts() === true ? 1 : 0);
      return await registry.metrics();
    },
  };
}

/** Counts nothing, for tests. */
export const NO_METRICS: Metrics = Object.freeze({
  accepted: () => {},
  refused: () => {},
  attempt: () => {},
  left: () => {},
  removed: () => {},
  processed: () => {},
  dueLag: () => {},
  tickFailed: () => {},
  rpc: () => {},
  store: () => {},
  streams: () => {},
  rulesInForce: () => {},
  ruleMatched: () => {},
  ruleFailed: () => {},
  ruleMove: () => {},
  transformsRefused: () => {},
  eventsPublished: () => {},
  eventPublishFailed: () => {},
  eventsMissed: () => {},
});

type CreateCounter = <T extends string>(name: string, help: string, labelNames: T[]) => Counter<T>;

/** Metrics of routing rules. Only rules in force have series. */
export function createRuleMetrics(counter: CreateCounter): RuleObserver {
  const matches = counter("dlq_rule_matches_total", "Messages that a routing rule matched.", [
    "rule",
  ]);
  const failures = counter(
    "dlq_rule_failures_total",
    "Messages for which a routing rule failed and was skipped.",
    ["rule"],
  );
  const moves = counter(
    "dlq_rule_moves_total",
    "Moves of failed messages by routing rules, by outcome.",
    ["outcome"],
  );
  let named: readonly string[] = [];
  return {
    rulesInForce(names) {
      for (const rule of named) {
        if (names.includes(rule)) continue;
        matches.remove({ rule });
        failures.remove({ rule });
      }
      named = names;
    },
    ruleMatched: (rule) => matches.inc({ rule }),
    ruleFailed: (rule) => failures.inc({ rule }),
    ruleMove: (outcome) => moves.inc({ outcome }),
  };
}
