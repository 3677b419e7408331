import { expect, test } from "vitest";
import type { OutboxItem } from "../../../src/store/contract/outbox.ts";
import { partitionKeys } from "../../../src/store/redis/keys.ts";
import { OutboxReader } from "../../../src/store/redis/outbox-reader.ts";
import { partitionOf } from "../../../src/store/redis/partitions.ts";
import { until, useTestStore } from "../../support/store.ts";
import { item, SETTINGS } from "../../support/store-items.ts";

const at = useTestStore();
const QUEUE = "orders";
const PARTITION = partitionOf(QUEUE);
const MAX_BYTES = 16 * 1024;

const keys = () => partitionKeys(at.current.prefix, partitionOf(QUEUE));
const reader = (queues = [QUEUE]) =>
  new OutboxReader(at.current.redis, at.current.prefix, queues.map(partitionOf));
/** The number of each change, and what notices say. */
const briefly = (items: readonly OutboxItem[]) =>
  items.map((one) => ("number" in one ? one.number : one));

/** A gap of changes that happened just now. */
const undone = (from: number, count: number) => ({
  ...{ gap: "undone", partition: PARTITION, epochMs: expect.any(Number), from, count },
  ...{ afterMs: expect.any(Number), untilMs: expect.any(Number) },
});

async function send(count: number, store = at.current.store): Promise<void> {
  for (let n = 0; n < count; n++) await store.send(QUEUE, [item()], SETTINGS);
}

/** Lets Redis forget what it has written to the outbox since. */
async function rememberOutbox(): Promise<() => Promise<void>> {
  const { redis } = at.current;
  const names = [keys().outbox, keys().outboxEnd];
  const dumps = await Promise.all(names.map((name) => redis.dumpBuffer(name)));
  return async () => {
    for (const [index, name] of names.entries()) {
      await redis.restore(name, 0, dumps[index] as Buffer, "REPLACE");
    }
  };
}

test("reads each change once, with its message", async () => {
  const reading = reader();
  expect(await reading.next()).toEqual([]);
  const [reply] = await at.current.store.send(QUEUE, [item()], SETTINGS);
  expect(await reading.next()).toMatchObject([
    {
      ...{ number: 0, queue: QUEUE, kind: "SENT", atMs: at.current.clock.nowMs, version: 1 },
      ...{
        state: "SCHEDULED",
        id: reply?.status === "stored" && reply.id,
        fields: new Uint8Array(),
      },
    },
  ]);
  expect(await reading.next()).toEqual([]);
  await send(2);
  expect(briefly(await reading.next())).toEqual([1, 2]);
});

test("an entry that no server has written is passed over, and the outbox begins again behind it", async () => {
  const { redis } = at.current;
  const reading = reader();
  await send(1);
  expect(await reading.next()).toHaveLength(1);
  for (let n = 0; n < 5; n++) await redis.xadd(keys().outbox, "*", "note", "hello", "d", "x");
  expect(await reading.next()).toEqual([]);
  const late = reader();
  expect(await late.latest(2)).toHaveLength(1);
  expect(await late.next()).toEqual([]);
  await at.current.clock.advance(1);
  await send(1);
  expect(briefly(await reading.next())).toEqual([1]);
  expect(await reading.next()).toEqual([]);
});

test("reads many entries in pages", async () => {
  const reading = reader();
  await send(150);
  expect(await reading.next()).toHaveLength(100);
  expect(await reading.next()).toHaveLength(50);
});

test("skips to the latest ones, of several partitions by time", async () => {
  const reading = reader([QUEUE, "invoices"]);
  await send(3);
  await at.current.clock.advance(1);
  await at.current.store.send("invoices", [item()], SETTINGS);
  await at.current.clock.advance(1);
  await send(1);
  const latest = await reading.latest(3);
  expect(latest.map(({ queue, number }) => [queue, number])).toEqual([
    [QUEUE, 2],
    ["invoices", 0],
    [QUEUE, 3],
  ]);
  await send(1);
  expect(briefly(await reading.next())).toEqual([4]);
});

test("all of many busy partitions are read in turn", async () => {
  const queues = Array.from({ length: 40 }, (_, n) => `q${n}`);
  const reading = reader(queues);
  expect(await reading.latest(1)).toEqual([]);
  for (const queue of queues) await at.current.store.send(queue, [item()], SETTINGS);
  const found = new Set<string>();
  for (let n = 0; found.size < 40; n++) {
    expect(n).toBeLessThan(10);
    for (const one of await reading.next()) if ("queue" in one) found.add(one.queue);
    await at.current.store.send("q0", [item()], SETTINGS);
  }
  expect(await reading.latest(40)).toHaveLength(40);
});

test("a reader that is too slow is notified how many changes it has missed", async () => {
  const store = at.current.openStore({ outboxMaxBytes: MAX_BYTES });
  await until("the connection", () => store.ready || undefined);
  const reading = reader();
  await send(1, store);
  await reading.next();
  await at.current.clock.advance(1_000);
  await send(1_000, store);
  const [notice, first] = await reading.next();
  expect(notice).toEqual({
    ...{ partition: PARTITION, epochMs: expect.any(Number) },
    ...{ gap: "missed", count: expect.any(Number), from: 1 },
    ...{ afterMs: at.current.clock.nowMs - 1_000, untilMs: at.current.clock.nowMs },
  });
  const missed = notice !== undefined && "count" in notice ? notice.count : 0;
  expect(missed).toBeGreaterThan(100);
  expect(first).toMatchObject({ number: 1 + missed });
});

test("after a failover that lost changes, it is notified and reads the new ones", async () => {
  const reading = reader();
  await send(2);
  const rollBack = await rememberOutbox();
  await send(2);
  expect(await reading.next()).toHaveLength(4);
  await rollBack();
  expect(briefly(await reading.next())).toEqual([undone(2, 2)]);
  await at.current.clock.advance(1);
  await at.current.redis.hset(`${at.current.prefix}:history`, "changed", 1_700_000_000_000);
  const store = at.current.openStore();
  await until("the connection", () => store.ready || undefined);
  await send(1, store);
  expect(briefly(await reading.next())).toEqual([2]);
});

test("it is also notified when the new changes take more place than the lost ones", async () => {
  const reading = reader();
  await send(2);
  const rollBack = await rememberOutbox();
  await send(2);
  expect(await reading.next()).toHaveLength(4);
  await rollBack();
  await at.current.clock.advance(1);
  await at.current.redis.hset(`${at.current.prefix}:history`, "changed", 1_700_000_000_000);
  const store = at.current.openStore();
  await until("the connection", () => store.ready || undefined);
  await send(5, store);
  expect(briefly(await reading.next())).toEqual([undone(2, 2)]);
  expect(briefly(await reading.next())).toEqual([2, 3, 4, 5, 6]);
  expect(await reading.next()).toEqual([]);
});
