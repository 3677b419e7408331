// A restored backup has older data: readers of the outbox must find out, and names of changes must not come again.

import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { OutboxItem, OutboxPosition } from "../../../src/store/contract.ts";
import { Connection } from "../../../src/store/redis/connection.ts";
import { PARTITIONS } from "../../../src/store/redis/partitions.ts";
import type { RedisStore, RedisStoreOptions } from "../../../src/store/redis/redis-store.ts";
import { startTestRedis, type TestRedis } from "../../support/redis.ts";
import { redisCalls } from "../../support/redis-calls.ts";
import { TestStore, until } from "../../support/store.ts";
import { item, SETTINGS } from "../../support/store-items.ts";

const QUEUE = "orders";
let redis: TestRedis;
let at: TestStore;
let restores: boolean;

beforeEach(async () => {
  restores = false;
  redis = await startTestRedis({
    appendonly: false,
    beforeRestart: async (dir) => {
      if (restores) await copyFile(join(dir, "backup.rdb"), join(dir, "dump.rdb"));
    },
  });
  at = new TestStore(redis, "t");
  await at.store.close();
});
afterEach(async () => {
  vi.restoreAllMocks();
  await at.close();
  await redis.stop();
});

/** A server with the clock of Redis, which restarts. */
async function openStore(options: Partial<RedisStoreOptions> = {}): Promise<RedisStore> {
  const opened = at.openStore({ clock: "store", ...options });
  await until("the store's connection", () => opened.ready || undefined);
  return opened;
}
async function backUp(): Promise<void> {
  await redis.cli("SAVE");
  await copyFile(join(redis.dir, "dump.rdb"), join(redis.dir, "backup.rdb"));
}
async function restore(): Promise<void> {
  restores = true;
  await redis.restart();
}
async function send(store: RedisStore, count: number): Promise<void> {
  for (let n = 0; n < count; n++) await store.send(QUEUE, [item()], SETTINGS);
}
async function read(store: RedisStore, from?: OutboxPosition) {
  const partition = store.outbox.partitionOf(QUEUE);
  const items: OutboxItem[] = [];
  let position = from;
  for (let hasMore = true; hasMore; ) {
    const page = await store.outbox.read(partition, position);
    items.push(...(page?.items ?? []));
    position = page?.position;
    hasMore = page?.hasMore === true;
  }
  return { items, position: position as OutboxPosition };
}
/** The data now. The returned function puts it in its place, in the same process of Redis. */
async function copied(): Promise<() => Promise<void>> {
  const names = await at.redis.keys("t:*");
  const dumps = await Promise.all(names.map((name) => at.redis.dumpBuffer(name)));
  return async () => {
    await at.redis.flushall();
    for (const [index, name] of names.entries()) {
      const dump = dumps[index];
      if (dump) await at.redis.restore(name, 0, dump);
    }
  };
}
/** Makes signs of life of servers older than servers count as alive. */
async function silence(nodeIds: readonly string[]): Promise<void> {
  for (const nodeId of nodeIds) await at.redis.zadd("t:nodes", Date.now() - 10_001, nodeId);
}
const namesOf = (items: readonly OutboxItem[]) =>
  items.flatMap((one) => ("kind" in one ? [`${one.epochMs}-${one.number}`] : []));
async function namesNow(store: RedisStore): Promise<string[]> {
  return namesOf((await read(store)).items);
}
const gapsOf = (items: readonly OutboxItem[]) => items.filter((one) => !("kind" in one));

test.each([
  ["while a server ran", false],
  ["after all servers had ended in order", true],
])("a backup that was made %s", async (_, hasEnded) => {
  let store = await openStore();
  await send(store, 3);
  if (hasEnded) await store.close();
  await backUp();
  if (hasEnded) store = await openStore();
  await send(store, 5);
  const { items: before, position } = await read(store);
  const names = namesOf(before);
  await store.close();

  // Fewer changes than were lost, and more.
  for (const count of [2, 9]) {
    await restore();
    store = await openStore();
    await send(store, count);
    const { items } = await read(store, position);
    expect(gapsOf(items)).toMatchObject([{ gap: "undone", count: 5, from: 3 }]);
    const fresh = namesOf(items);
    expect(fresh).toHaveLength(count);
    expect(names.filter((name) => fresh.includes(name))).toEqual([]);
    names.push(...fresh);
    await store.close();
  }
});

test("data that was imported after all servers had been killed", async () => {
  const killed = await openStore({ nodeId: "killed" });
  await send(killed, 3);
  const putBack = await copied();
  await send(killed, 5);
  const names = await namesNow(killed);
  await killed.close();

  await putBack();
  await silence(["killed"]);
  // Each has a sign of life before the other is ready.
  const [one, two] = await Promise.all([
    openStore({ nodeId: "one" }),
    openStore({ nodeId: "two" }),
  ]);
  await send(one, 1);
  await send(two, 4);
  const fresh = (await namesNow(one)).slice(3);
  expect(fresh).toHaveLength(5);
  expect(names.filter((name) => fresh.includes(name))).toEqual([]);
});

test("a server that restarts under its name after the import", async () => {
  const killed = await openStore({ nodeId: "one" });
  await send(killed, 3);
  const putBack = await copied();
  await send(killed, 5);
  const names = await namesNow(killed);
  await killed.close();

  await putBack();
  const next = await openStore({ nodeId: "one" });
  await send(next, 5);
  const fresh = (await namesNow(next)).slice(3);
  expect(names.filter((name) => fresh.includes(name))).toEqual([]);
});

test("a server that dies at its start leaves the new epochs to the next one", async () => {
  const killed = await openStore({ nodeId: "killed" });
  await send(killed, 3);
  const putBack = await copied();
  await send(killed, 5);
  const names = await namesNow(killed);
  await killed.close();

  await putBack();
  await silence(["killed"]);
  const begin = vi.spyOn(Connection.prototype, "run").mockRejectedValue(new Error("dies"));
  const dead = at.openStore({ clock: "store", nodeId: "dead" });
  await until("its start", () => begin.mock.calls.length > 0 || undefined);
  await dead.close();
  begin.mockRestore();
  await at.redis.zadd("t:nodes", Date.now(), "dead");

  const next = await openStore({ nodeId: "next" });
  await send(next, 5);
  const fresh = (await namesNow(next)).slice(3);
  expect(names.filter((name) => fresh.includes(name))).toEqual([]);
});

test("a server that joins others begins no epochs", async () => {
  const store = await openStore();
  await send(store, 1);
  const calls = await redisCalls(at.redis, "evalsha", () => openStore());
  expect(calls).toBeLessThan(PARTITIONS);
});
