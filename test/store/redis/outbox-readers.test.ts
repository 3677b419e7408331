import { beforeEach, expect, test } from "vitest";
import { partitionBase, partitionKeys } from "../../../src/store/redis/keys.ts";
import { partitionOf } from "../../../src/store/redis/partitions.ts";
import type { RedisStore } from "../../../src/store/redis/redis-store.ts";
import { until, useTestStore } from "../../support/store.ts";
import { item, SETTINGS } from "../../support/store-items.ts";
import { readOutbox } from "../../support/store-outbox.ts";

const at = useTestStore();
const QUEUE = "orders";
const HOUR_MS = 3_600_000;
const MAX_BYTES = 8 * 1024;
/** Redis removes whole nodes of a stream, and the script looks when one has begun. */
const NODE_BYTES = 4096;

let store: RedisStore;
beforeEach(async () => {
  store = at.current.openStore({ outboxMaxBytes: MAX_BYTES });
  await until("the connection", () => store.ready || undefined);
});

const readers = () => partitionKeys(at.current.prefix, partitionOf(QUEUE)).outboxReaders;
const setReader = (name: string, value: string) => at.current.redis.hset(readers(), name, value);
const read = () =>
  readOutbox(at.current.redis, partitionBase(at.current.prefix, partitionOf(QUEUE)).slice(0, -1));

async function send(count: number): Promise<void> {
  for (let n = 0; n < count; n++) await store.send(QUEUE, [item()], SETTINGS);
}

/** Sends messages, with changes of about 30 KiB. Returns the bytes from the first entry that is left to the last one. */
async function fill(): Promise<number> {
  await send(300);
  const entries = await read();
  return (entries.at(-1)?.position ?? 0) - (entries[0]?.position ?? 0);
}

test("what a reader has not read is kept beyond the limit", async () => {
  await send(20);
  const next = (await read())[10]?.position ?? 0;
  const { nowMs } = at.current.clock;
  await setReader("behind", `${next} 1000000 ${nowMs}`);
  await setReader("ahead", `${next + 1_000} 1000000 ${nowMs}`);
  await fill();
  const first = (await read())[0]?.position ?? 0;
  expect(first).toBeLessThanOrEqual(next);
  expect(await fill()).toBeGreaterThan(5 * MAX_BYTES);
});

test("a reader keeps no more than its own limit", async () => {
  await setReader("slow", `0 ${2 * MAX_BYTES} ${at.current.clock.nowMs}`);
  const kept = await fill();
  expect(kept).toBeGreaterThan(2 * MAX_BYTES - NODE_BYTES);
  expect(kept).toBeLessThanOrEqual(2 * MAX_BYTES + NODE_BYTES);
});

test("a reader with a smaller limit does not lower that of the outbox", async () => {
  await setReader("slow", `0 100 ${at.current.clock.nowMs}`);
  expect(await fill()).toBeGreaterThan(MAX_BYTES - NODE_BYTES);
});

test.each([
  ["has not written for a day", () => `0 1000000 ${at.current.clock.nowMs - 24 * HOUR_MS}`],
  ["has a position of an outbox from before", () => `900000000 1000000 ${at.current.clock.nowMs}`],
  ["has a value that cannot be read", () => "0 many today"],
  ["has too large numbers", () => `${"9".repeat(400)} 1 ${at.current.clock.nowMs}`],
  ["has no value", () => ""],
])("a reader that %s keeps nothing", async (_, value) => {
  await setReader("gone", value());
  expect(await fill()).toBeLessThanOrEqual(MAX_BYTES + NODE_BYTES);
});

test("readers of a wrong type stop no queue", async () => {
  await at.current.redis.set(readers(), "text");
  expect(await fill()).toBeLessThanOrEqual(MAX_BYTES + NODE_BYTES);
});

test("a reader keeps nothing that is older than a day and a half", async () => {
  for (let hour = 0; hour < 60; hour++) {
    await setReader("slow", `0 1000000000 ${at.current.clock.nowMs}`);
    await send(3);
    await at.current.clock.advance(HOUR_MS);
  }
  const [first] = await read();
  const ageMs = at.current.clock.nowMs - (first?.atMs ?? 0);
  expect(ageMs).toBeGreaterThan(24 * HOUR_MS);
  expect(ageMs).toBeLessThan(40 * HOUR_MS);
});

test("a script that removes nothing reads no readers", async () => {
  await setReader("slow", `0 1000000 ${at.current.clock.nowMs}`);
  await send(1);
  await at.current.redis.config("RESETSTAT");
  await send(1);
  expect(await at.current.redis.info("commandstats")).not.toContain("cmdstat_hgetall:");
  await send(100);
  expect(await at.current.redis.info("commandstats")).toContain("cmdstat_hgetall:");
});
