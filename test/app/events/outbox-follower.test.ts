import { expect, test } from "vitest";
import { OutboxFollower, type OutboxStep } from "../../../src/app/events/outbox-follower.ts";
import type { WatchReads } from "../../../src/app/events/watch-reads.ts";
import { Pace } from "../../../src/app/timers.ts";
import { OUTBOX_START, type OutboxGap } from "../../../src/store/contract/outbox.ts";

/** Outboxes whose partitions have so many pages of one item, and `busy`, which changes whenever it is read. */
function outboxOf(pages: ReadonlyMap<number, number>, busy?: number) {
  let notify = (_partition: number) => {};
  const outbox: Pick<WatchReads, "read" | "follow"> = {
    follow(_partitions, listener) {
      notify = listener;
      return () => {};
    },
    async read(partition, position) {
      const next = position.next + 1;
      const count = pages.get(partition) ?? 0;
      if (partition === busy) setImmediate(() => notify(partition));
      if (next > count && partition !== busy)
        return { items: [], position: position, hasMore: false };
      const item: OutboxGap = {
        ...{ gap: "missed", partition, epochMs: 0, from: next - 1, count: 1 },
        ...{ afterMs: 0, untilMs: 0 },
      };
      return { items: [item], position: { ...OUTBOX_START, next }, hasMore: next < count };
    },
  };
  return outbox;
}

async function firstSteps(outbox: Pick<WatchReads, "read" | "follow">, count: number) {
  const stop = new AbortController();
  const follower = new OutboxFollower(outbox, [0, 1], new Pace());
  const start = new Map([0, 1].map((one) => [one, OUTBOX_START]));
  const steps: (Pick<OutboxStep, "isCaughtUp"> & { items: number; next: number[] })[] = [];
  for await (const { items, positions, isCaughtUp } of follower.items(
    start,
    [0, 1],
    stop.signal,
    1,
  )) {
    const next = [...positions.values()].map((one) => one.next);
    steps.push({ items: items.length, next, isCaughtUp });
    if (steps.length === count) stop.abort();
  }
  follower.stop();
  return { steps, start };
}

test("a step has the positions after it, and the given ones stay as they are", async () => {
  const { steps, start } = await firstSteps(
    outboxOf(
      new Map([
        [0, 2],
        [1, 1],
      ]),
    ),
    2,
  );
  expect(steps.map(({ next }) => next)).toEqual([
    [1, 1],
    [2, 1],
  ]);
  expect(start.get(0)).toEqual(OUTBOX_START);
});

test("it has caught up once, although a partition never ceases to change", async () => {
  const { steps } = await firstSteps(
    outboxOf(
      new Map([
        [0, 3],
        [1, 1],
      ]),
      1,
    ),
    6,
  );
  expect(steps.map(({ isCaughtUp }) => isCaughtUp)).toEqual([
    false,
    false,
    true,
    false,
    false,
    false,
  ]);
});

test("a step without items comes if nothing was there, and once when nothing changes", async () => {
  const { steps } = await firstSteps(outboxOf(new Map()), 2);
  expect(steps).toEqual([
    { items: 0, next: [0, 0], isCaughtUp: true },
    { items: 0, next: [0, 0], isCaughtUp: false },
  ]);
});

test("what is in memory is read without waiting", async () => {
  const partitions = Array.from({ length: 256 }, (_, partition) => partition);
  const stop = new AbortController();
  const reads: Pick<WatchReads, "read" | "follow"> = {
    follow: () => () => {},
    read: (_partition, position) => ({ items: [], position, hasMore: false }),
  };
  const follower = new OutboxFollower(reads, partitions, new Pace());
  const start = new Map(partitions.map((one) => [one, OUTBOX_START]));
  let waits = 0;
  let isOver = false;
  const other = (async () => {
    for (; !isOver; waits++) await undefined;
  })();
  for await (const { isCaughtUp } of follower.items(start, partitions, stop.signal))
    if (isCaughtUp) stop.abort();
  isOver = true;
  await other;
  expect(waits).toBeLessThan(partitions.length);
});
