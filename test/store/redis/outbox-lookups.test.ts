import { expect, test } from "vitest";
import { OUTBOX_START } from "../../../src/store/contract/outbox.ts";
import { OutboxLookups } from "../../../src/store/redis/outbox-lookups.ts";

/** Lookups that answer in a later turn of the event loop, or fail. */
function createLookups() {
  const asked: string[] = [];
  const reads = {
    isBroken: false,
    async since(partition: number, atMs: number) {
      asked.push(`${partition} ${atMs}`);
      await new Promise<void>((resolve) => setImmediate(resolve));
      if (reads.isBroken) throw new Error("broken");
      return { position: { ...OUTBOX_START, next: partition }, keptSinceMs: undefined };
    },
  };
  return { asked, reads, lookups: new OutboxLookups(reads) };
}

const partitions = Array.from({ length: 256 }, (_, n) => n);
const NEVER = new AbortController().signal;

test("a reader that has left looks no further", async () => {
  const { asked, lookups } = createLookups();
  const stop = new AbortController();
  const found = lookups.sinceSecond(partitions, 5_000, stop.signal);
  await new Promise<void>((resolve) => setImmediate(resolve));
  stop.abort();
  await expect(found).rejects.toThrow("aborted");
  expect(asked.length).toBeLessThan(20);
});

test("one lookup passes those of many readers", async () => {
  const { asked, lookups } = createLookups();
  const stop = new AbortController();
  const many = partitions.slice(0, 20).map((n) => {
    return lookups.sinceSecond(partitions, n * 1_000, stop.signal).catch(() => {});
  });
  await lookups.since(7, Infinity);
  expect(asked.length).toBeLessThan(40);
  stop.abort();
  await Promise.all(many);
});

test("readers of the same second share their lookups", async () => {
  const { asked, lookups } = createLookups();
  const found = await Promise.all(
    [5_000, 5_001, 5_999].map((atMs) => lookups.sinceSecond(partitions, atMs, NEVER)),
  );
  expect(asked).toEqual(partitions.map((partition) => `${partition} 5000`));
  for (const one of found) expect(one.map(({ position }) => position.next)).toEqual(partitions);
  await lookups.since(3, 5_000);
  expect(asked).toHaveLength(257);
});

test("a lookup that failed is made again", async () => {
  const { reads, lookups } = createLookups();
  reads.isBroken = true;
  await expect(lookups.sinceSecond([1], 5_000, NEVER)).rejects.toThrow("broken");
  reads.isBroken = false;
  expect(await lookups.sinceSecond([1], 5_000, NEVER)).toHaveLength(1);
});

test("answers are not remembered without bound", async () => {
  const { asked, lookups } = createLookups();
  for (let n = 0; n < 9; n++) await lookups.sinceSecond(partitions, n * 1_000, NEVER);
  await lookups.sinceSecond([0], 0, NEVER);
  expect(asked).toHaveLength(9 * 256 + 1);
});
