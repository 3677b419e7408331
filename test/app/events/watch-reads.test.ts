import { expect, test } from "vitest";
import { WatchReads } from "../../../src/app/events/watch-reads.ts";
import { OUTBOX_START, type OutboxPage } from "../../../src/store/contract/outbox.ts";

const NEVER = new AbortController().signal;
const PAGE: OutboxPage = { items: [], position: OUTBOX_START, hasMore: true };
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** Outboxes of which partition 0 is in memory; reads of others end when the test says so. */
function createReads() {
  const running: { partition: number; end(): void }[] = [];
  const reads = new WatchReads({
    follow: () => () => {},
    recent: (partition) => (partition === 0 ? PAGE : undefined),
    async read(partition) {
      await new Promise<void>((end) => running.push({ partition, end }));
      return PAGE;
    },
  });
  const until = async (count: number) => {
    while (running.length < count) await turn();
    for (let n = 0; n < 10; n++) await turn();
    return running.map(({ partition }) => partition);
  };
  return { reads, running, until };
}

test("two reads run at once, and the others in their order", async () => {
  const { reads, running, until } = createReads();
  const all = [1, 2, 3, 4].map((partition) => reads.read(partition, OUTBOX_START, NEVER));
  expect(await until(2)).toEqual([1, 2]);
  const again = (async () => {
    await all[1];
    await reads.read(2, OUTBOX_START, NEVER);
  })();
  running[1]?.end();
  expect(await until(3)).toEqual([1, 2, 3]);
  running[0]?.end();
  expect(await until(4)).toEqual([1, 2, 3, 4]);
  for (const { end } of running) end();
  expect(await until(5)).toEqual([1, 2, 3, 4, 2]);
  running[4]?.end();
  await again;
});

test("what is in memory waits for nobody", async () => {
  const { reads, running, until } = createReads();
  const all = [1, 2, 3].map((partition) => reads.read(partition, OUTBOX_START, NEVER));
  await until(2);
  expect(await reads.read(0, OUTBOX_START, NEVER)).toEqual(PAGE);
  for (let n = 0; n < 3; n++) {
    await until(n + 1);
    running[n]?.end();
  }
  await Promise.all(all);
});

test("a watch that ends while it waits does not read", async () => {
  const { reads, running, until } = createReads();
  const all = [1, 2].map((partition) => reads.read(partition, OUTBOX_START, NEVER));
  const stop = new AbortController();
  const waiting = reads.read(3, OUTBOX_START, stop.signal);
  await until(2);
  stop.abort();
  for (const { end } of running) end();
  expect(await waiting).toBeUndefined();
  await Promise.all(all);
  expect(running).toHaveLength(2);
});

test("other work runs between the reads of a watch", async () => {
  const reads = new WatchReads({
    follow: () => () => {},
    recent: () => undefined,
    read: async () => PAGE,
  });
  let turns = 0;
  let isOver = false;
  const other = (async () => {
    for (; !isOver; turns++) await turn();
  })();
  for (let n = 0; n < 20; n++) await reads.read(1, OUTBOX_START, NEVER);
  isOver = true;
  await other;
  expect(turns).toBeGreaterThanOrEqual(20);
});
