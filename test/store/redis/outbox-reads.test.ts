import type { Redis } from "ioredis";
import { expect, test } from "vitest";
import { OUTBOX_START, type OutboxPosition } from "../../../src/store/contract/outbox.ts";
import { partitionKeys } from "../../../src/store/redis/keys.ts";
import { timeOf } from "../../../src/store/redis/outbox-entries.ts";
import { OutboxReads } from "../../../src/store/redis/outbox-reads.ts";
import { partitionOf } from "../../../src/store/redis/partitions.ts";
import { storeNowMs } from "../../../src/store/redis/store-now.ts";
import { until, useTestStore } from "../../support/store.ts";
import { item, SETTINGS } from "../../support/store-items.ts";

const at = useTestStore();
const QUEUE = "orders";
const PARTITION = partitionOf(QUEUE);

/** Reads between whose `n`th and next command the first change is written. */
function readsWithChangeBehind(n: number): OutboxReads {
  const { store, redis, prefix } = at.current;
  let commands = 0;
  const withRedis = async <T>(work: (redis: Redis) => Promise<T>) => {
    const result = await work(redis);
    if (++commands === n) await store.send(QUEUE, [item()], SETTINGS);
    return result;
  };
  return new OutboxReads(withRedis, prefix);
}

async function numbersBehind(position: OutboxPosition | undefined): Promise<number[]> {
  const { items } = await at.current.store.outbox.read(PARTITION, position);
  return items.map((one) => ("number" in one ? one.number : -1));
}

/** The numbers of all changes after a position, without gaps. */
async function allNumbersAfter(from: OutboxPosition | undefined): Promise<number[]> {
  const numbers: number[] = [];
  let position = from;
  for (let hasMore = true; hasMore; ) {
    const page = await at.current.store.outbox.read(PARTITION, position);
    numbers.push(...page.items.flatMap((one) => ("number" in one ? one.number : [])));
    [position, hasMore] = [page.position, page.hasMore];
  }
  return numbers;
}

test.each([1, 2])("a first change after command %i of since() is not skipped", async (n) => {
  const { position } = await readsWithChangeBehind(n).since(PARTITION, 1);
  expect(await numbersBehind(position)).toEqual([0]);
});

test.each([1, 2])("a first change after command %i of ends() is not skipped", async (n) => {
  const [end] = await readsWithChangeBehind(n).ends([PARTITION]);
  expect(await numbersBehind(end)).toEqual(end?.next === 0 ? [0] : []);
});

test("since() says what was removed when all changes have expired", async () => {
  const { store, redis, prefix } = at.current;
  const reads = new OutboxReads((work) => work(redis), prefix);
  const since = (atMs: number) => reads.since(PARTITION, atMs);
  expect((await since(1)).keptSinceMs).toBeUndefined();
  await store.send(QUEUE, [item()], SETTINGS);
  expect((await since(1)).keptSinceMs).toBeUndefined();
  await redis.del(partitionKeys(prefix, PARTITION).outbox);
  const { position, keptSinceMs } = await since(1);
  expect(position.next).toBeGreaterThan(0);
  const ageMs = (await storeNowMs(redis)) - (keptSinceMs ?? 0);
  expect(ageMs).toBeGreaterThanOrEqual(86_400_000);
  expect(ageMs).toBeLessThan(86_400_000 + 60_000);
  expect((await since(Date.now() - 3_600_000)).keptSinceMs).toBeUndefined();
});

test.each([
  ["the oldest change", 0],
  ["a position", 1],
])("entries of many changes come in pages of at most 1,000, from %s on", async (_, sent) => {
  const { store } = at.current;
  const send = (count: number) =>
    store.send(
      QUEUE,
      Array.from({ length: count }, () => item()),
      SETTINGS,
    );
  let position: OutboxPosition | undefined;
  if (sent > 0) {
    await send(sent);
    position = (await store.outbox.ends([PARTITION]))[0];
  }
  for (let n = 0; n < 32; n++) await send(64);
  const sizes: number[] = [];
  for (let hasMore = true; hasMore; ) {
    const page = await store.outbox.read(PARTITION, position);
    sizes.push(page?.items.length ?? 0);
    [position, hasMore] = [page?.position, page?.hasMore === true];
  }
  expect(sizes).toEqual([960, 960, 128]);
  expect(position).toMatchObject({ next: sent + 2_048 });
});

/** Six entries of one change each. Returns the id of each, and the position after it. */
async function sixEntries() {
  const { store, redis, prefix } = at.current;
  const positions: OutboxPosition[] = [];
  for (let n = 0; n < 6; n++) {
    await store.send(QUEUE, [item()], SETTINGS);
    positions.push(...(await store.outbox.ends([PARTITION])));
  }
  const remove = (n: number) =>
    redis.xdel(partitionKeys(prefix, PARTITION).outbox, positions[n]?.entryId ?? "");
  return { positions, remove };
}

test("an entry that is removed between others leaves a gap", async () => {
  const { positions, remove } = await sixEntries();
  await remove(2);
  await remove(3);
  const gap = { gap: "missed", from: 2, count: 2, afterMs: positions[1] && timeOf(positions[1]) };
  for (const [from, numbers] of [
    [undefined, [0, 1]],
    [positions[0], [1]],
    [positions[1], []],
  ] as const) {
    const { items } = await at.current.store.outbox.read(PARTITION, from);
    expect(items).toMatchObject([
      ...numbers.map((number) => ({ number })),
      ...[gap, { number: 4 }, { number: 5 }],
    ]);
  }
});

test("a reader whose last entry is removed reads all after it", async () => {
  const { positions, remove } = await sixEntries();
  await remove(2);
  expect(await allNumbersAfter(positions[2])).toEqual([3, 4, 5]);
});

test("what was removed is missed, also if the outbox has fewer bytes than when it was read", async () => {
  const { remove } = await sixEntries();
  for (const n of [0, 1, 2, 3, 4]) await remove(n);
  const position = { entryId: "999999-1", next: 3, epochMs: 1 };
  const { items } = await at.current.store.outbox.read(PARTITION, position);
  expect(items).toMatchObject([{ gap: "missed", from: 3, count: 2 }, { number: 5 }]);
});

test("what is undone was until now, if nothing is known of its time", async () => {
  await sixEntries();
  const { items } = await at.current.store.outbox.read(PARTITION, { ...OUTBOX_START, next: 9 });
  expect(items).toMatchObject([{ gap: "undone", count: 9, untilMs: expect.any(Number) }]);
  expect(items[0] && "gap" in items[0] && items[0].untilMs).toBeGreaterThan(1_700_000_000_000);
});

test("the oldest change is found after many entries that no server has written", async () => {
  const { redis, prefix, store } = at.current;
  const { outbox } = partitionKeys(prefix, PARTITION);
  await store.send(QUEUE, [item()], SETTINGS);
  const [[, fields] = ["", []]] = await redis.xrangeBuffer(outbox, "-", "+");
  await redis.del(outbox);
  for (let n = 0; n < 150; n++) await redis.xadd(outbox, `0-${n + 1}`, "note", "hello");
  expect((await store.outbox.read(PARTITION, undefined)).hasMore).toBe(false);
  await redis.xadd(outbox, "7-1800000000000", "d", fields[1] as Buffer);
  expect(await allNumbersAfter(undefined)).toEqual([0]);
  await redis.del(outbox);
});

test("what was read is undone if nothing is there any more", async () => {
  const { redis, prefix, store } = at.current;
  await sixEntries();
  const [end] = await store.outbox.ends([PARTITION]);
  const { outbox, outboxEnd } = partitionKeys(prefix, PARTITION);
  await redis.del(outbox);
  expect((await store.outbox.read(PARTITION, end)).items).toEqual([]);
  await redis.del(outboxEnd);
  const { items, position } = await store.outbox.read(PARTITION, end);
  expect(items).toMatchObject([{ gap: "undone", from: 0, count: 6 }]);
  expect((await store.outbox.read(PARTITION, position)).items).toEqual([]);
});

test("what follows the end of a followed partition needs no read", async () => {
  const { store } = at.current;
  const { outbox } = store;
  await store.send(QUEUE, [item()], SETTINGS);
  const [end] = (await outbox.ends([PARTITION])) as [OutboxPosition];
  expect(outbox.recent(PARTITION, end)).toBeUndefined();
  const stop = outbox.follow([PARTITION], () => {});
  const page = await until("its end", () => outbox.recent(PARTITION, end));
  expect(page).toEqual({ items: [], position: end, hasMore: false });
  await store.send(QUEUE, [item()], SETTINGS);
  const next = await until("a change", () => {
    const found = outbox.recent(PARTITION, end);
    return found?.items.length === 0 ? undefined : found;
  });
  expect(next.items).toMatchObject([{ number: end.next }]);
  stop();
});
