import { expect, test } from "vitest";
import { Coalescer } from "../../../src/store/redis/coalescer.ts";

/** A coalescer whose runs end when the test ends them. Items are numbers: their size in bytes. */
function setUp(limits: { maxItems?: number; maxBytes?: number } = {}) {
  const runs: { items: readonly number[]; finish(): void; fail(error: Error): void }[] = [];
  let idle = 0;
  const coalescer = new Coalescer<number, string>({
    run: (items) =>
      new Promise((resolve, reject) => {
        runs.push({
          items,
          finish: () => resolve(items.map((n) => `reply ${n}`)),
          fail: reject,
        });
      }),
    failed: (error) => (error as Error).message,
    maxItems: limits.maxItems ?? 100,
    maxBytes: limits.maxBytes ?? 1_000_000,
    sizeOf: (n) => n,
    onIdle: () => idle++,
  });
  return { coalescer, runs, batches: () => runs.map((run) => run.items), idle: () => idle };
}
/** Waits for two turns of the event loop: the second is for calls that the first one started. */
async function settle() {
  for (const _ of [1, 2]) await new Promise((resolve) => setImmediate(resolve));
}
const many = (count: number) => Array.from({ length: count }, () => 1);

test("a single item is not delayed", async () => {
  const { coalescer, runs, batches } = setUp();
  const reply = coalescer.add([1]);
  await settle();
  expect(batches()).toEqual([[1]]);
  runs[0]?.finish();
  expect(await reply).toEqual(["reply 1"]);
});

test("calls of one turn share a run, and each gets its own replies in order", async () => {
  const { coalescer, runs, batches } = setUp();
  const replies = [coalescer.add([1, 2]), coalescer.add([]), coalescer.add([3])];
  await settle();
  expect(batches()).toEqual([[1, 2, 3]]);
  runs[0]?.finish();
  expect(await Promise.all(replies)).toEqual([["reply 1", "reply 2"], [], ["reply 3"]]);
});

test("items that arrive during a run share the next one", async () => {
  const { coalescer, runs, batches } = setUp();
  for (const n of [1, 2, 3]) {
    void coalescer.add([n]);
    await settle();
  }
  expect(batches()).toEqual([[1]]);
  runs[0]?.finish();
  await settle();
  expect(batches()).toEqual([[1], [2, 3]]);
});

test("a second run starts beside the first if it is well filled, never a third", async () => {
  const { coalescer, batches } = setUp();
  void coalescer.add([1]);
  await settle();
  void coalescer.add(many(63));
  await settle();
  expect(batches()).toHaveLength(1);
  void coalescer.add([1]);
  void coalescer.add(many(99));
  await settle();
  expect(batches().map((batch) => batch.length)).toEqual([1, 64]);
});

test("a run has at most the allowed items and bytes", async () => {
  const { coalescer, runs, batches } = setUp({ maxItems: 3, maxBytes: 10 });
  void coalescer.add([1, 1, 1, 1, 9, 2]);
  await settle();
  expect(batches()).toEqual([
    [1, 1, 1],
    [1, 9],
  ]);
  runs[1]?.finish();
  await settle();
  // It does not fill a run, so it waits until no other runs.
  expect(batches()).toHaveLength(2);
  runs[0]?.finish();
  await settle();
  expect(batches()[2]).toEqual([2]);
});

test("an item larger than a run goes alone", async () => {
  const { coalescer, runs, batches } = setUp({ maxBytes: 10 });
  void coalescer.add([50, 1]);
  await settle();
  runs[0]?.finish();
  await settle();
  expect(batches()).toEqual([[50], [1]]);
});

test("a failed run fails only its own items", async () => {
  const { coalescer, runs } = setUp({ maxItems: 1 });
  const replies = coalescer.add([1, 2, 3]);
  await settle();
  runs[0]?.fail(new Error("lost"));
  await settle();
  runs[1]?.finish();
  runs[2]?.finish();
  expect(await replies).toEqual(["lost", "reply 2", "reply 3"]);
});

test("onIdle is called when nothing runs or waits, not before", async () => {
  const { coalescer, runs, idle } = setUp({ maxItems: 1 });
  void coalescer.add([1, 2, 3]);
  await settle();
  runs[0]?.finish();
  runs[1]?.finish();
  await settle();
  expect(idle()).toBe(0);
  runs[2]?.finish();
  await settle();
  expect(idle()).toBe(1);
});

test("an item that is added while a reply is handled is sent", async () => {
  const { coalescer, runs, batches } = setUp();
  const second = coalescer.add([1]).then(() => coalescer.add([2]));
  await settle();
  runs[0]?.finish();
  await settle();
  expect(batches()).toEqual([[1], [2]]);
  runs[1]?.finish();
  expect(await second).toEqual(["reply 2"]);
});
