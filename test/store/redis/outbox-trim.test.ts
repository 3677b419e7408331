// A large backlog that has become too old is removed in steps: Redis does nothing else meanwhile.

import { beforeEach, expect, test } from "vitest";
import { HOUR_MS } from "../../../src/core/time-units.ts";
import { partitionKeys } from "../../../src/store/redis/keys.ts";
import { partitionOf } from "../../../src/store/redis/partitions.ts";
import type { RedisStore } from "../../../src/store/redis/redis-store.ts";
import { START_MS, until, useTestStore } from "../../support/store.ts";
import { item, SETTINGS } from "../../support/store-items.ts";

const at = useTestStore();
const QUEUE = "orders";
const BACKLOG = 50_000;
/** Entries that one script removes. */
const MOST = 20_000;

let store: RedisStore;
beforeEach(async () => {
  store = at.current.openStore({ outboxMaxBytes: 1_000_000_000 });
  await until("the connection", () => store.ready || undefined);
});

const keys = () => partitionKeys(at.current.prefix, partitionOf(QUEUE));
const send = () => store.send(QUEUE, [item()], SETTINGS);
const length = () => at.current.redis.xlen(keys().outbox);

/** Puts copies of an entry into the outbox. The next change goes on behind them. */
const COPY = `
local data = redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', 1)[1][2][2]
redis.call('DEL', KEYS[1], KEYS[2])
for n = 1, tonumber(ARGV[1]) do redis.call('XADD', KEYS[1], (n * 1000) .. '-' .. ARGV[2], 'd', data) end`;

/** Returns when the backlog is too old, but for its last change, which is half a day younger. */
async function ageBacklog(): Promise<void> {
  await send();
  await at.current.redis.eval(COPY, 2, keys().outbox, keys().outboxEnd, BACKLOG, START_MS);
  await send();
  for (let half = 0; half < 3; half++) {
    await at.current.clock.advance(12.5 * HOUR_MS);
    if (half < 2) await send();
  }
}

test("in steps, and then as ever", async () => {
  await ageBacklog();
  let left = await length();
  for (let steps = 0; left > BACKLOG / 10; steps++) {
    await send();
    const now = await length();
    expect(left - now).toBeGreaterThan(0);
    expect(left - now).toBeLessThanOrEqual(MOST);
    expect(steps).toBeLessThan(10);
    left = now;
  }
  // What is left is less than a node.
  await send();
  const kept = await length();
  await send();
  expect(await length()).toBe(kept + 1);
  for (let half = 0; half < 3; half++) {
    await at.current.clock.advance(12.5 * HOUR_MS);
    await send();
  }
  expect(await length()).toBe(3);
});

test.each([1, 11, 13, 23])("with %i hours between steps, nothing younger goes", async (hours) => {
  await ageBacklog();
  const sentAtMs: number[] = [];
  for (let step = 0; step < 8; step++) {
    await send();
    sentAtMs.push(at.current.clock.nowMs);
    const kept = await at.current.redis.xrange(keys().outbox, "-", "+");
    const times = new Set(kept.map(([id]) => Number(id.split("-")[1])));
    const young = sentAtMs.filter((ms) => at.current.clock.nowMs - ms < 24 * HOUR_MS);
    expect(young.filter((ms) => !times.has(ms))).toEqual([]);
    await at.current.clock.advance(hours * HOUR_MS);
  }
  await send();
  expect(await length()).toBeLessThan(100);
});
