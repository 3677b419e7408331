import { beforeEach, describe, expect, it } from "vitest";
import type { QueueFigures } from "../../src/app/queues/queue-figures.ts";
import { REASON_NAMES } from "../../src/core/reason.ts";
import { createMetrics, type MetricsRegistry } from "../../src/observe/metrics.ts";
import { figures, scrape, sourceOf } from "../support/queue-figures.ts";
import { until } from "../support/until.ts";

const MAX = 100;
const MIB = 1024 * 1024;
const STATUSES = [
  "succeeded",
  "failed",
  "released",
  "expired",
  "quarantined",
  "discarded",
] as const;

let nowMs: number;
let metrics: MetricsRegistry;
let queues: Map<string, QueueFigures>;
/** Queues that were read since the last scrape began. */
let read: number;

const create = (maxQueues: number) =>
  createMetrics({ namespace: "", maxQueues, buildInfo: { version: "1" }, now: () => nowMs });

beforeEach(() => {
  nowMs = 0;
  queues = new Map();
  metrics = create(MAX);
});

/** The longest names. */
const nameOf = (n: number) => `${String.fromCharCode(97 + (n % 26))}${n}-`.padEnd(128, "x");

function store(count: number): void {
  for (let n = 0; n < count; n++) put(nameOf(n), { messages: 20 });
  const source = sourceOf(() => [...queues.values()]);
  metrics.setQueues({
    ...source,
    read(names) {
      read += names.length;
      return source.read(names);
    },
  });
}

function put(queue: string, part: Partial<QueueFigures>): void {
  queues.set(queue, figures(queue, part));
}

async function scrapeAfter(ms: number): Promise<Map<string, number>> {
  nowMs += ms;
  read = 0;
  return await scrape(metrics);
}

function sizes(samples: ReadonlyMap<string, number>): Map<string, number> {
  const found = [...samples].flatMap(([name, value]) => {
    const queue = /^dlq_size\{queue="(.*)"\}$/.exec(name)?.[1];
    return queue === undefined ? [] : [[queue, value] as const];
  });
  return new Map(found);
}

const sum = (values: Iterable<number>) => [...values].reduce((total, value) => total + value, 0);

/** Scrapes every 15 s until the sizes are so many messages in all. */
const untilTotal = (total: number) =>
  until(`${total} messages`, async () => {
    const found = sizes(await scrapeAfter(15_000));
    return sum(found.values()) === total ? found : undefined;
  });

function useAll(): void {
  for (const queue of queues.keys()) {
    for (const reason of REASON_NAMES) metrics.accepted(queue, reason);
    for (const status of STATUSES) metrics.attempt(queue, status);
    metrics.removed(queue, "expired");
    metrics.removed(queue, "retention");
    metrics.transformsRefused(queue);
    metrics.tickFailed(queue);
    metrics.left(queue, 1_234_567);
    metrics.processed(queue, 1_234.567);
    metrics.dueLag(queue, 1_234.567);
  }
}

describe("with thousands of queues", () => {
  it("a scrape has less than 2 MB, and as many series as with some more", async () => {
    store(1_500);
    await untilTotal(30_000);
    useAll();
    const text = await metrics.render();
    expect(text.length).toBeLessThan(2 * MIB);
    const series = text.match(/queue="/g)?.length;
    for (let n = 1_500; n < 2_500; n++) put(nameOf(n), { messages: 20 });
    await untilTotal(50_000);
    useAll();
    expect((await metrics.render()).match(/queue="/g)).toHaveLength(series ?? 0);
  });

  it("the largest and those with trouble have labels, and the others one sum", async () => {
    store(3_000);
    for (let n = 0; n < 60; n++) put(nameOf(n), { messages: 100 });
    put(nameOf(2_000), { messages: 10, quarantined: 10 });
    put(nameOf(2_001), { messages: 0, openBreakers: 1 });
    const total = sum([...queues.values()].map(({ messages }) => messages));
    const found = await untilTotal(total);
    expect(found.size).toBe(MAX + 1);
    for (const n of [0, 59, 2_000, 2_001]) expect(found.has(nameOf(n)), `${n}`).toBe(true);
  });

  it("a queue keeps its label, and one that outgrows the others gets one", async () => {
    store(3_000);
    const before = await untilTotal(60_000);
    const labelled = [...before.keys()];
    for (const name of labelled.filter((name) => queues.has(name))) put(name, { messages: 0 });
    const grown = [...queues.keys()].filter((name) => !before.has(name)).slice(0, 30);
    for (const name of grown) put(name, { messages: 1_000 });
    const total = sum([...queues.values()].map(({ messages }) => messages));
    const after = await untilTotal(total);
    expect([...after.keys()]).toEqual(expect.arrayContaining(labelled));
    expect(grown.filter((name) => after.has(name))).toHaveLength(MAX / 4);
  });

  it("no counter goes back or disappears when queues get labels", async () => {
    store(500);
    let last = new Map<string, number>();
    for (let step = 0; step < 6; step++) {
      useAll();
      const samples = await scrapeAfter(15_000);
      for (const [name, value] of last)
        expect(samples.get(name), name).toBeGreaterThanOrEqual(value);
      const isCount = (name: string) => /^dlq_\w+(_total|_bucket|_sum|_count)\{queue=/.test(name);
      last = new Map([...samples].filter(([name]) => isCount(name)));
      put(nameOf(step), { messages: 10 ** step });
    }
    const accepted = [...last].filter(([name]) => name.startsWith("dlq_messages_total{queue="));
    expect(sum(accepted.map(([, value]) => value))).toBe(6 * 500 * REASON_NAMES.length);
  });

  it("scrapes read a number of queues that does not grow with the queues", async () => {
    store(12_000);
    const reads: number[] = [];
    for (let step = 0; step < 6; step++) {
      await scrapeAfter(10_000);
      // The background reads on until it has done its share.
      await new Promise((resolve) => setImmediate(resolve));
      reads.push(read);
    }
    // Partitions of this store have up to 1,500 queues, and one that was begun is read to its end.
    for (const one of reads.slice(1)) expect(one).toBeLessThanOrEqual(MAX * 1.25 + 2_500 + 1_500);
  });

  it("sums that nobody has read for long are not shown", async () => {
    store(500);
    const has = async (ms: number) => sizes(await scrapeAfter(ms)).has("/other");
    await untilTotal(10_000);
    expect([await has(60_000), await has(3_600_000), await has(15_000)]).toEqual([
      true,
      false,
      true,
    ]);
  });

  it("without labels, the sum is of all queues", async () => {
    metrics = create(0);
    store(10);
    expect([...(await untilTotal(200)).keys()]).toEqual(["/other"]);
  });

  it("a deployment with few queues has no sum", async () => {
    store(MAX);
    const found = sizes(await scrapeAfter(0));
    expect(found.size).toBe(MAX);
    expect(found.has("/other")).toBe(false);
  });
});
