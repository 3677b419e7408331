// An epoch and a number never name two changes, whatever Redis or a person loses: ids of events are made of them.

import { afterEach, beforeEach, expect, test } from "vitest";
import { partitionBase, partitionKeys } from "../../../src/store/redis/keys.ts";
import { partitionOf } from "../../../src/store/redis/partitions.ts";
import type { RedisStore } from "../../../src/store/redis/redis-store.ts";
import { seededRandom } from "../../support/random.ts";
import { until, useTestStore } from "../../support/store.ts";
import { item, SETTINGS } from "../../support/store-items.ts";
import { readOutbox } from "../../support/store-outbox.ts";

const at = useTestStore();
const QUEUE = "orders";

const keys = () => partitionKeys(at.current.prefix, partitionOf(QUEUE));
const base = () => partitionBase(at.current.prefix, partitionOf(QUEUE)).slice(0, -1);

let store: RedisStore;
/** The message of each change that was ever in the outbox. */
let named: Map<string, string>;
/** Names of two changes. */
let ambiguous: string[];
beforeEach(() => {
  store = at.current.store;
  named = new Map();
  ambiguous = [];
});
afterEach(() => {
  expect(ambiguous).toEqual([]);
});

async function send(count = 2): Promise<void> {
  for (let n = 0; n < count; n++) await store.send(QUEUE, [item()], SETTINGS);
  for (const { first, epochMs, changes } of await readOutbox(at.current.redis, base())) {
    for (const [index, { id }] of changes.entries()) {
      const name = `${epochMs} ${first + index}`;
      if ((named.get(name) ?? id) !== id) ambiguous.push(name);
      named.set(name, id);
    }
  }
}

/** Lets a server find that Redis has failed over: it then has the data of when this was called. */
async function beforeFailover(): Promise<(seenAtMs: number) => Promise<void>> {
  const { redis } = at.current;
  const names = [keys().outbox, keys().outboxEnd, keys().meta];
  const dumps = await Promise.all(names.map((name) => redis.dumpBuffer(name)));
  return async (seenAtMs) => {
    for (const [index, name] of names.entries()) {
      await redis.del(name);
      const dump = dumps[index];
      if (dump) await redis.restore(name, 0, dump);
    }
    await redis.hset(`${at.current.prefix}:history`, "changed", seenAtMs);
    const next = at.current.openStore();
    await until("the connection", () => next.ready || undefined);
    store = next;
  };
}

/** What a person may do, within one millisecond. */
const LOSSES: Readonly<Record<string, () => Promise<unknown>>> = {
  "both keys are lost": () => at.current.redis.del(keys().outbox, keys().outboxEnd),
  "the end is lost": () => at.current.redis.del(keys().outboxEnd),
  "the end and the last entry are lost": async () => {
    await at.current.redis.del(keys().outboxEnd);
    const [last] = await at.current.redis.xrevrange(keys().outbox, "+", "-", "COUNT", 1);
    if (last !== undefined) await at.current.redis.xdel(keys().outbox, last[0]);
  },
  "the end is damaged": () => at.current.redis.set(keys().outboxEnd, "text"),
  "the outbox is no stream": async () => {
    await at.current.redis.del(keys().outbox);
    await at.current.redis.set(keys().outbox, "text");
  },
};

test.each(Object.entries(LOSSES))("if %s", async (_, lose) => {
  await send();
  await lose();
  await send();
  await lose();
  await send(4);
  expect(named.size).toBe(8);
});

test("if two failovers lose what came since, and the clock is behind", async () => {
  await send();
  const failOver = await beforeFailover();
  await send();
  await failOver(1_700_000_000_000);
  await send();
  await failOver(1_700_000_000_001);
  await send();
  expect(named.size).toBe(8);
});

test.each([1, 2, 3])("if all of this happens in any order: %i", async (seed) => {
  const random = seededRandom(seed);
  const losses = Object.values(LOSSES);
  let failOver = await beforeFailover();
  for (let step = 0; step < 60; step++) {
    await send(random.between(1, 3));
    const what = random.below(9);
    if (what < losses.length) await losses[what]?.();
    else if (what === 5) failOver = await beforeFailover();
    else if (what === 6) await failOver(1_700_000_000_000 + step);
    else if (what === 7) await at.current.clock.advance(-5 * step);
    else await at.current.clock.advance(step);
  }
  await send();
  expect(named.size).toBeGreaterThan(60);
});
