// A restored backup has older data: readers of the outbox must find out, and names of changes must not come again.

import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { OutboxItem, OutboxPosition } from "../../../src/store/contract.ts";
import type { RedisStore } from "../../../src/store/redis/redis-store.ts";
import { startTestRedis, type TestRedis } from "../../support/redis.ts";
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
  await at.close();
  await redis.stop();
});

/** A server with the clock of Redis, which restarts. */
async function openStore(): Promise<RedisStore> {
  const opened = at.openStore({ clock: "store" });
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
    const [page] = await store.outbox.read(new Map([[partition, position]]));
    items.push(...(page?.items ?? []));
    position = page?.position;
    hasMore = page?.hasMore === true;
  }
  return { items, position: position as OutboxPosition };
}
const namesOf = (items: readonly OutboxItem[]) =>
  items.flatMap((one) => ("kind" in one ? [`${one.epochMs}-${one.number}`] : []));
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
    expect(gapsOf(items)).toMatchObject([{ undone: 5, rolledBackTo: 3 }]);
    const fresh = namesOf(items);
    expect(fresh).toHaveLength(count);
    expect(names.filter((name) => fresh.includes(name))).toEqual([]);
    names.push(...fresh);
    await store.close();
  }
});
