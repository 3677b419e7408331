import { describe, expect, it } from "vitest";
import type { QueueFigureSource, QueueFigures } from "../../src/app/queues/queue-figures.ts";
import { QUEUE_NAME } from "../../src/core/settings.ts";
import { createMetrics, type MetricsOptions } from "../../src/observe/metrics.ts";
import { OTHER } from "../../src/observe/queue-labels.ts";
import { figures, scrape, sourceOf } from "../support/queue-figures.ts";
import { until } from "../support/until.ts";

function metricsWith(options: Partial<MetricsOptions> = {}) {
  return createMetrics({
    namespace: "",
    maxQueues: 10,
    buildInfo: { version: "1.2.3" },
    ...options,
  });
}

const DOWN: QueueFigureSource = {
  partitions: 2,
  first: () => Promise.reject(new Error("down")),
  namesIn: () => Promise.reject(new Error("down")),
  existingOf: () => Promise.reject(new Error("down")),
  read: () => Promise.reject(new Error("down")),
};

describe("metrics", () => {
  it("have the documented names, and short names as labels", async () => {
    const metrics = metricsWith();
    metrics.accepted("orders", "NETWORK_ERROR");
    metrics.attempt("orders", "released");
    metrics.attempt("orders", "expired", 3);
    metrics.left("orders", 90_000);
    metrics.processed("orders", 20);
    metrics.dueLag("orders", 3);
    metrics.rpc("dlq.v1.DlqService/Ack", "UNAVAILABLE", 12);
    metrics.store("claim", 1.5);
    metrics.store("claim", 2_000, "timeout");
    metrics.streams("dlq.v1.DlqService/StreamDue", 1);
    const samples = await scrape(metrics);
    expect(samples.get('dlq_messages_total{queue="orders",reason="NETWORK_ERROR"}')).toBe(1);
    expect(samples.get('dlq_retry_attempts_total{queue="orders",status="released"}')).toBe(1);
    expect(samples.get('dlq_retry_attempts_total{queue="orders",status="expired"}')).toBe(3);
    expect(samples.get('dlq_message_age_seconds_sum{queue="orders"}')).toBe(90);
    expect(samples.get('dlq_processing_time_seconds_sum{queue="orders"}')).toBe(0.02);
    expect(samples.get('dlq_due_lag_seconds_bucket{le="0.005",queue="orders"}')).toBe(1);
    expect(
      samples.get(
        'dlq_rpc_duration_seconds_count{method="dlq.v1.DlqService/Ack",code="UNAVAILABLE"}',
      ),
    ).toBe(1);
    expect(samples.get('dlq_store_duration_seconds_count{script="claim"}')).toBe(2);
    expect(samples.get('dlq_store_errors_total{script="claim",error="timeout"}')).toBe(1);
    expect(samples.get('dlq_streams{method="dlq.v1.DlqService/StreamDue"}')).toBe(1);
    expect(samples.get('dlq_build_info{version="1.2.3"}')).toBe(1);
  });

  it("have the namespace before every name, also those of the process", async () => {
    const metrics = metricsWith({ namespace: "acme" });
    metrics.accepted("orders", "TIMEOUT");
    const names = [...(await scrape(metrics)).keys()];
    expect(names).toContain('acme_dlq_messages_total{queue="orders",reason="TIMEOUT"}');
    expect(names.some((name) => name.startsWith("acme_process_cpu"))).toBe(true);
    expect(names.filter((name) => !name.startsWith("acme_"))).toEqual([]);
  });

  it("of the store are there without an answer of it", async () => {
    const metrics = metricsWith();
    let up = true;
    metrics.setQueues(DOWN);
    metrics.setStore({ isUp: () => up, isFull: () => false, evicts: () => true });
    const state = async () => {
      const samples = await scrape(metrics);
      return ["up", "full", "evicts"].map((name) => samples.get(`dlq_store_${name}`));
    };
    expect(await state()).toEqual([1, 0, 1]);
    // Lost while the scrape waits for it.
    metrics.setQueues({
      ...DOWN,
      async first() {
        up = false;
        throw new Error("down");
      },
    });
    expect(await state()).toEqual([0, 0, 1]);
  });

  it("of events show what waits; whether NATS takes them is absent if they are not published", async () => {
    const metrics = metricsWith();
    const without = await scrape(metrics);
    expect(without.has("dlq_nats_up")).toBe(false);
    expect(without.get("dlq_event_oldest_waiting_seconds")).toBe(0);
    metrics.setPublishing({
      isUp: () => false,
      failingMs: () => 2_000,
      waitingPartitions: () => 3,
      backlog: () => ({ bytes: 5_000, sinceMs: Date.now() - 60_000 }),
    });
    const samples = await scrape(metrics);
    expect(samples.get("dlq_nats_up")).toBe(0);
    expect(samples.get("dlq_event_backlog_bytes")).toBe(5_000);
    expect(samples.get("dlq_event_oldest_waiting_seconds")).toBeCloseTo(60, 0);
  });

  it("count removals by cause, until the queue is deleted", async () => {
    const metrics = metricsWith();
    metrics.removed("q", "expired");
    metrics.removed("q", "retention");
    const removals = async () =>
      [...(await scrape(metrics)).keys()].filter((name) => name.startsWith("dlq_removed_total"));
    expect(await removals()).toEqual([
      'dlq_removed_total{queue="q",cause="expired"}',
      'dlq_removed_total{queue="q",cause="retention"}',
    ]);
    metrics.forget("q");
    expect(await removals()).toEqual([]);
  });

  it("never count a negative time", async () => {
    const metrics = metricsWith();
    metrics.dueLag("q", -5);
    expect((await scrape(metrics)).get('dlq_due_lag_seconds_sum{queue="q"}')).toBe(0);
  });
});

describe("queues beyond the limit", () => {
  it("share a label, and the first ones keep theirs", async () => {
    const metrics = metricsWith({ maxQueues: 2 });
    for (const queue of ["a", "b", "c", "d", "a"]) metrics.accepted(queue, "TIMEOUT");
    const samples = await scrape(metrics);
    const count = (queue: string) =>
      samples.get(`dlq_messages_total{queue="${queue}",reason="TIMEOUT"}`);
    expect([count("a"), count("b"), count("/other"), count("c")]).toEqual([2, 1, 2, undefined]);
  });

  it("share a label that no queue can have", () => {
    expect(QUEUE_NAME.test(OTHER)).toBe(false);
  });

  it("are summed in gauges, except for the oldest age", async () => {
    let nowMs = 0;
    const metrics = metricsWith({ maxQueues: 1, now: () => nowMs });
    metrics.setQueues(
      sourceOf(() => [
        figures("a", { messages: 600, inFlight: 2, quarantined: 3, dueNow: 1, workers: 4 }),
        figures("b", { messages: 10, oldestAgeMs: 5_000, paused: true }),
        figures("cc", { messages: 20, oldestAgeMs: 2_000, paused: true }),
      ]),
    );
    const samples = await until("the sums", async () => {
      nowMs += 1_000;
      const found = await scrape(metrics);
      return found.has('dlq_size{queue="/other"}') ? found : undefined;
    });
    expect(samples.get('dlq_size{queue="a"}')).toBe(600);
    expect(samples.get('dlq_in_flight{queue="a"}')).toBe(2);
    expect(samples.get('dlq_due_now{queue="a"}')).toBe(1);
    expect(samples.get('dlq_workers{queue="a"}')).toBe(4);
    expect(samples.get('dlq_size{queue="/other"}')).toBe(30);
    expect(samples.get('dlq_paused{queue="/other"}')).toBe(2);
    // It grows with the time since it was read.
    const oldest = samples.get('dlq_oldest_message_age_seconds{queue="/other"}');
    expect(oldest).toBe(5 + nowMs / 1_000 - 1);
  });
});

it("a queue with damaged data has no figures but that, and is counted in the sum of others", async () => {
  let nowMs = 0;
  const metrics = metricsWith({ maxQueues: 2, now: () => nowMs });
  const queues = [
    figures("bad", { damaged: true }),
    figures("big", { messages: 2_000 }),
    figures("small", { messages: 5 }),
    figures("worse", { damaged: true }),
    figures("worst", { damaged: true }),
  ];
  metrics.setQueues(sourceOf(() => queues));
  const samples = await until("the sums", async () => {
    nowMs += 1_000;
    const found = await scrape(metrics);
    return found.has('dlq_size{queue="/other"}') ? found : undefined;
  });
  const found = (name: string) =>
    [...samples].filter(([sample]) => sample.startsWith(`${name}{`)).toSorted();
  expect(found("dlq_size")).toEqual([
    ['dlq_size{queue="/other"}', 5],
    ['dlq_size{queue="big"}', 2_000],
  ]);
  expect(found("dlq_damaged")).toEqual([
    ['dlq_damaged{queue="/other"}', 2],
    ['dlq_damaged{queue="bad"}', 1],
    ['dlq_damaged{queue="big"}', 0],
  ]);
});

describe("a scrape", () => {
  it("shares one read of the store with concurrent scrapes", async () => {
    const metrics = metricsWith();
    let reads = 0;
    const source = sourceOf(() => [figures("q", { messages: reads })]);
    metrics.setQueues({
      ...source,
      read(queues) {
        reads += 1;
        return source.read(queues);
      },
    });
    await Promise.all([metrics.render(), metrics.render()]);
    await metrics.render();
    expect(reads).toBe(1);
  });

  it("does not wait for a hanging store, and shows no stale numbers", async () => {
    const metrics = metricsWith({ collectTimeoutMs: 20 });
    const source = sourceOf(() => [figures("q", { messages: 1 })]);
    metrics.setQueues(source);
    expect((await scrape(metrics)).get('dlq_size{queue="q"}')).toBe(1);
    metrics.setQueues({ ...source, read: () => new Promise(() => {}) });
    const samples = await scrape(metrics);
    expect(samples.has('dlq_size{queue="q"}')).toBe(false);
    expect(samples.get('dlq_build_info{version="1.2.3"}')).toBe(1);
  });

  it("begins no second read while the one that an earlier scrape gave up goes on", async () => {
    const metrics = metricsWith({ collectTimeoutMs: 20 });
    const read = Promise.withResolvers<QueueFigures[]>();
    let reads = 0;
    metrics.setQueues({
      ...sourceOf(() => [figures("q")]),
      read() {
        reads += 1;
        return read.promise;
      },
    });
    expect((await scrape(metrics)).has('dlq_size{queue="q"}')).toBe(false);
    const second = scrape(metrics);
    read.resolve([figures("q", { messages: 1 })]);
    expect((await second).get('dlq_size{queue="q"}')).toBe(1);
    expect(reads).toBe(1);
  });

  it("has no queue gauges if the store fails", async () => {
    const metrics = metricsWith();
    metrics.setQueues(DOWN);
    expect((await scrape(metrics)).has('dlq_build_info{version="1.2.3"}')).toBe(true);
  });
});

describe("rules", () => {
  it("are counted by name while they are in force", async () => {
    const metrics = metricsWith();
    metrics.rulesInForce(["a", "b"]);
    for (const rule of ["a", "b", "b"]) metrics.ruleMatched(rule);
    metrics.ruleFailed("b");
    metrics.ruleMove("circle");
    const before = await scrape(metrics);
    expect(before.get('dlq_rule_matches_total{rule="b"}')).toBe(2);
    expect(before.get('dlq_rule_failures_total{rule="b"}')).toBe(1);
    expect(before.get('dlq_rule_moves_total{outcome="circle"}')).toBe(1);
    metrics.rulesInForce(["a", "c"]);
    const after = [...(await scrape(metrics)).keys()].filter((name) => name.includes("rule="));
    expect(after).toEqual(['dlq_rule_matches_total{rule="a"}']);
  });
});
