import { expect, test } from "vitest";
import { OUTBOX_START } from "../../../src/store/contract/outbox.ts";
import type { OutboxBacklog, OutboxPosition, SharedReader } from "../../../src/store/contract.ts";
import { partitionKeys } from "../../../src/store/redis/keys.ts";
import { partitionOf } from "../../../src/store/redis/partitions.ts";
import type { RedisStore } from "../../../src/store/redis/redis-store.ts";
import { until, useTestStore } from "../../support/store.ts";
import { item, SETTINGS } from "../../support/store-items.ts";

const at = useTestStore();
const QUEUE = "orders";
const PARTITION = partitionOf(QUEUE);

const readerOf = (store: RedisStore) => store.outbox.sharedReader("nats");
const send = () => at.current.store.send(QUEUE, [item()], SETTINGS);

/** Another server of the same data. */
async function otherServer(): Promise<RedisStore> {
  const store = at.current.openStore();
  await until("its connection", () => store.ready || undefined);
  return store;
}

async function read(position: OutboxPosition) {
  return at.current.store.outbox.read(PARTITION, position);
}

test("reading begins at the ends, once", async () => {
  const reader = readerOf(at.current.store);
  await send();
  await reader.begin(0);
  await send();
  await reader.begin(0);
  const position = await reader.take(PARTITION, OUTBOX_START);
  expect((await read(position as OutboxPosition))?.items).toMatchObject([{ number: 1 }]);
});

test("in a partition without changes, the first one is read", async () => {
  const reader = readerOf(at.current.store);
  await reader.begin(0);
  await send();
  const position = await reader.take(PARTITION, OUTBOX_START);
  expect((await read(position as OutboxPosition))?.items).toMatchObject([{ number: 0 }]);
});

test.each([
  ["at the ends", undefined],
  ["at an instant", 1],
])(
  "an outbox that is no stream is read once it begins again, if reading begins %s",
  async (_, sinceMs) => {
    const { store, redis, prefix } = at.current;
    await send();
    await redis.set(partitionKeys(prefix, PARTITION).outbox, "text");
    const reader = readerOf(store);
    await reader.begin(0, sinceMs);
    await send();
    const [position] = await reader.positions([PARTITION]);
    expect((await read(position as OutboxPosition))?.items).toMatchObject([{ number: 1 }]);
  },
);

test("one server at a time has a partition, and the next one goes on behind it", async () => {
  const first = readerOf(at.current.store);
  const second = readerOf(await otherServer());
  await first.begin(0);
  await send();
  const position = await first.take(PARTITION, OUTBOX_START);
  expect(position).toBeDefined();
  expect(await second.take(PARTITION, OUTBOX_START)).toBeUndefined();
  const page = await read(position as OutboxPosition);
  const behind = page?.position as OutboxPosition;
  expect((await second.store(new Map([[PARTITION, behind]]), 0)).has(PARTITION)).toBe(false);
  expect((await first.store(new Map([[PARTITION, behind]]), 1_000)).has(PARTITION)).toBe(true);
  expect(await first.positions([PARTITION])).toEqual([behind]);
  await first.giveBack([PARTITION]);
  expect(await second.take(PARTITION, OUTBOX_START)).toEqual(behind);
  expect((await read(behind))?.items).toEqual([]);
});

test("a server that has lost a partition moves its position no more, also if nobody has it", async () => {
  const first = readerOf(at.current.store);
  const second = readerOf(await otherServer());
  await first.begin(0);
  await send();
  await send();
  const old = (await first.take(PARTITION, OUTBOX_START)) as OutboxPosition;
  await first.giveBack([PARTITION]);
  expect(await second.take(PARTITION, OUTBOX_START)).toEqual(old);
  const end = (await read(old))?.position as OutboxPosition;
  await second.store(new Map([[PARTITION, end]]), 0);
  await second.giveBack([PARTITION]);
  expect((await first.store(new Map([[PARTITION, old]]), 0)).has(PARTITION)).toBe(false);
  expect(await first.positions([PARTITION])).toEqual([end]);
});

test("servers that register under a key of a wrong type begin it again", async () => {
  const { store, redis, prefix } = at.current;
  await redis.set(`${prefix}:outbox-servers:nats`, "text");
  expect((await readerOf(store).assigned()).size).toBe(256);
});

test("what it has not read is kept up to its bytes, beyond the limit of the outbox", async () => {
  const store = at.current.openStore({ outboxMaxBytes: 8 * 1024 });
  await until("the connection", () => store.ready || undefined);
  await at.current.clock.set(Date.now()); // that of its scripts, which is Redis' own otherwise
  const reader = readerOf(store);
  await reader.begin(0);
  const position = (await reader.take(PARTITION, OUTBOX_START)) as OutboxPosition;
  await reader.store(new Map([[PARTITION, position]]), 1_000_000);
  for (let n = 0; n < 300; n++) await store.send(QUEUE, [item()], SETTINGS);
  expect((await read(position))?.items[0]).toMatchObject({ number: 0 });
});

test("each partition is assigned to one of the servers, and all to the one that stays", async () => {
  const first = readerOf(at.current.store);
  const second = readerOf(await otherServer());
  expect((await first.assigned()).size).toBe(256);
  const ofSecond = await second.assigned();
  const ofFirst = await first.assigned();
  expect(ofFirst.size + ofSecond.size).toBe(256);
  expect([...ofFirst].some((one) => ofSecond.has(one))).toBe(false);
  expect(Math.min(ofFirst.size, ofSecond.size)).toBeGreaterThan(64);
  await second.leave([]);
  expect((await first.assigned()).size).toBe(256);
});

test.each<[string, (reader: SharedReader, position: OutboxPosition) => Promise<unknown>]>([
  ["begins", (reader) => reader.begin(0)],
  ["asks for positions", (reader) => reader.positions([...Array(256).keys()])],
  ["takes a partition", (reader, position) => reader.take(PARTITION, position)],
  ["stores positions", (reader, position) => reader.store(new Map([[PARTITION, position]]), 0)],
  ["gives a partition back", (reader) => reader.giveBack([PARTITION])],
])("a key of readers that is no hash begins again when a server %s", async (_, act) => {
  const { store, redis, prefix } = at.current;
  const reader = readerOf(store);
  await reader.begin(0);
  await redis.set(partitionKeys(prefix, PARTITION).outboxReaders, "text");
  await act(reader, OUTBOX_START);
  expect(await reader.take(PARTITION, OUTBOX_START)).toEqual(OUTBOX_START);
});

test("a damaged value, or none, is replaced by the fallback", async () => {
  const reader = readerOf(at.current.store);
  await reader.begin(0);
  const { redis, prefix } = at.current;
  const [key] = await redis.keys(`${prefix}:*/outbox-readers`);
  for (const value of ["", "x", "1 2 3", "1 2 3 4 5 6 7"]) {
    await redis.hset(key as string, "nats", value);
    const positions = await reader.positions([...Array(256).keys()]);
    expect(positions.filter((one) => one === undefined)).toHaveLength(1);
    const fallback = { entryId: "7-8", next: 9, epochMs: 10 };
    const partition = positions.indexOf(undefined);
    expect(await reader.take(partition, fallback)).toEqual(fallback);
    expect(await reader.positions([partition])).toEqual([fallback]);
  }
});

test("what is kept for it beyond its share is removed when the share shrinks", async () => {
  const store = at.current.openStore({ outboxMaxBytes: 16 * 1024 });
  await until("its connection", () => store.ready || undefined);
  const reader = readerOf(store);
  await reader.begin(0);
  for (let n = 0; n < 40; n++) {
    await at.current.store.send(
      QUEUE,
      Array.from({ length: 50 }, () => item()),
      SETTINGS,
    );
  }
  const position = (await reader.take(PARTITION, OUTBOX_START)) as OutboxPosition;
  const numbers = async () => {
    const page = await store.outbox.read(PARTITION, undefined);
    return page?.items.map((one) => ("number" in one ? one.number : -1)) ?? [];
  };
  expect((await numbers())[0]).toBe(0);
  await reader.store(new Map([[PARTITION, position]]), 32 * 1024);
  expect((await numbers())[0]).toBe(0);
  const waiting = await reader.store(new Map([[PARTITION, position]]), 32 * 1024, true);
  const [first = 0] = await numbers();
  expect(first).toBeGreaterThan(1_000);
  // Redis removes whole nodes of the stream.
  const { bytes, missed } = waiting.get(PARTITION) as OutboxBacklog;
  expect(missed).toBe(first);
  expect(bytes).toBeGreaterThan(28 * 1024);
  expect(bytes).toBeLessThan(48 * 1024);
});

test("it shows what waits behind a position, and since when", async () => {
  const reader = readerOf(at.current.store);
  await reader.begin(0);
  const position = (await reader.take(PARTITION, OUTBOX_START)) as OutboxPosition;
  const backlogAt = async (from: OutboxPosition) =>
    (await reader.store(new Map([[PARTITION, from]]), 0)).get(PARTITION);
  expect(await backlogAt(position)).toEqual({ bytes: 0, oldestAgeMs: undefined, missed: 0 });
  await send();
  const behind = (await read(position))?.position as OutboxPosition;
  const one = (await backlogAt(position)) as OutboxBacklog;
  expect(one).toMatchObject({ oldestAgeMs: expect.any(Number), missed: 0 });
  expect(one.bytes).toBeGreaterThan(30);
  for (let n = 0; n < 9; n++) await send();
  const ten = (await backlogAt(position)) as OutboxBacklog;
  expect(ten.bytes).toBeGreaterThan(9 * one.bytes);
  expect((await backlogAt(behind))?.bytes).toBeLessThan(ten.bytes);
  const end = (await read(behind))?.position as OutboxPosition;
  expect(await backlogAt(end)).toEqual({ bytes: 0, oldestAgeMs: undefined, missed: 0 });
});
