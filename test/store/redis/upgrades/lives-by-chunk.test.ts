// The upgrade from layout 1 to 2, on data that layout 1 wrote and on more data than one step handles.

import { expect, test } from "vitest";
import { STORAGE_VERSION } from "../../../../src/store/redis/storage-version.ts";
import { baseBeforePartitions } from "../../../../src/store/redis/upgrades/keys-by-partition.ts";
import { livesByChunk } from "../../../../src/store/redis/upgrades/lives-by-chunk.ts";
import type { StepArg, UpgradeSteps } from "../../../../src/store/redis/upgrades/upgrade.ts";
import { useTestStore } from "../../../support/store.ts";
import { dumpQueue, type QueueDump } from "../../../support/store-dump.ts";
import { bytes, item, NO_REQUEST, only, SETTINGS, session } from "../../../support/store-items.ts";
import { becomeFixture, readFixture } from "../layouts/fixture.ts";
import { becomeLayout3 } from "../layouts/layout-3.ts";

const QUEUE = "orders";
const DAY_MS = 24 * 3_600_000;
const LAYOUT_1 = readFixture("layout-1");

const at = useTestStore();

/** Up to layout 3 the keys of a queue had other names. */
const baseOfLayout3 = () => baseBeforePartitions(at.current.prefix, QUEUE);
const dumpOfLayout3 = () => dumpQueue(at.current.redis, baseOfLayout3());

const becomeLayout1 = () => becomeFixture(at.current, LAYOUT_1);

/** The first end of a life that is scheduled in each chunk. */
function firstEnds({ messages }: QueueDump): Map<string, number> {
  const ends = new Map<string, number>();
  for (const { state, chunk, expireAtMs } of messages.values()) {
    if (state !== "SCHEDULED" || expireAtMs === 0) continue;
    ends.set(chunk, Math.min(expireAtMs, ends.get(chunk) ?? Number.POSITIVE_INFINITY));
  }
  return ends;
}

const without = ({ chunkEnds: _, firstEndMs: __, wakeUps: ___, ...rest }: QueueDump) => rest;

test("data of layout 1 becomes layout 2: messages are unchanged, lives are listed by chunk", async () => {
  await becomeLayout1();
  const { store, redis, prefix } = at.current;
  const before = await dumpOfLayout3();
  expect([...before.chunkEnds.keys()].some((name) => name.length > 4)).toBe(true);

  expect(await store.open()).toContainEqual(expect.stringMatching(/from layout 1 to 2/));
  expect(await redis.get(`${prefix}:version`)).toBe(String(STORAGE_VERSION));
  expect(await redis.exists(`${prefix}:upgrade`)).toBe(0);
  const after = await at.current.dump(QUEUE);
  expect(without(after)).toEqual(without(before));
  expect(after.chunkEnds).toEqual(firstEnds(after));
  expect(after.chunkEnds.size).toBeGreaterThan(0);
});

test("leases, answers and dedup keys of layout 1 still count", async () => {
  await becomeLayout1();
  const { store } = at.current;
  await store.open();
  const { held, repeated, joined } = LAYOUT_1.known;
  const of = (hex: string) => Uint8Array.from(Buffer.from(hex, "hex"));
  const token = {
    queue: QUEUE,
    messageId: of(held.id),
    deliveryNumber: held.deliveryNumber,
    nonce: of(held.nonce),
  };
  const settled = await store.settle(QUEUE, NO_REQUEST, [{ token, kind: "succeed" }]);
  expect(only(settled?.results)).toMatchObject({ status: "APPLIED", state: "SUCCEEDED" });
  const [again] = await store.send(QUEUE, [item({ requestId: "request-1" })], SETTINGS);
  expect(again).toMatchObject({ repeated: true, id: of(repeated) });
  const [join] = await store.send(QUEUE, [item({ dedupKey: "key-1" })], SETTINGS);
  expect(join).toMatchObject({ joined: true, id: of(joined) });
});

test("messages of layout 1 are handed out, and their lives end", async () => {
  await becomeLayout1();
  const { store, clock } = at.current;
  await store.open();
  await clock.advance(1_000);
  const first = only((await at.current.tick(QUEUE, [session(2, { count: 1 })])).claimed);
  expect(first).toMatchObject({ isolated: true, envelope: Buffer.from(bytes("suspect")) });
  expect(firstEnds(await at.current.dump(QUEUE)).size).toBeGreaterThan(0);
  // The message in flight gets one more time to live from the end of its lease.
  for (const days of [5, 2]) {
    await clock.advance(days * DAY_MS);
    for (let ticks = 0; ticks < 10; ticks++) await at.current.tick(QUEUE);
  }
  expect(firstEnds(await at.current.dump(QUEUE))).toEqual(new Map());
});

/** More entries than one step handles, listed as in layout 1. */
async function listMany(): Promise<void> {
  const { store, redis, prefix } = at.current;
  for (let days = 1; days <= 5; days++) {
    const items = Array(500).fill(item({ delayMs: days * 1_000, ttlMs: days * DAY_MS }));
    await store.send(QUEUE, items, SETTINGS);
  }
  await becomeLayout3(redis, prefix);
  await listByMessage();
  expect(await redis.zcard(`${baseOfLayout3()}:expiry`)).toBe(2_500);
}

async function listByMessage(): Promise<void> {
  const { redis } = at.current;
  const key = `${baseOfLayout3()}:expiry`;
  await redis.del(key);
  for (const [id, { expireAtMs }] of (await dumpOfLayout3()).messages) {
    await redis.zadd(key, expireAtMs, Buffer.from(id, "hex"));
  }
}

/** Steps that stop after so many. */
function stepsThatEnd(after: number): UpgradeSteps & { readonly count: number } {
  const { redis, prefix } = at.current;
  const steps = {
    count: 0,
    prefix,
    queues: async () => [QUEUE],
    scan: async () => ({ next: "0", keys: [] }),
    fields: async () => ({ next: "0", fields: [] }),
    async run(script: string, key: string, ...args: readonly StepArg[]) {
      if (steps.count === after) throw new Error("killed");
      steps.count++;
      return redis.eval(script, 1, key, ...args);
    },
  };
  return steps;
}

test("the upgrade may be killed after any step and begin again", async () => {
  await listMany();
  const whole = stepsThatEnd(Number.POSITIVE_INFINITY);
  await livesByChunk.run(whole);
  const done = await dumpOfLayout3();
  expect(done.chunkEnds).toEqual(firstEnds(done));
  expect(whole.count).toBeGreaterThan(2);
  for (let after = 0; after < whole.count; after++) {
    await listByMessage();
    await expect(livesByChunk.run(stepsThatEnd(after))).rejects.toThrow("killed");
    await livesByChunk.run(stepsThatEnd(Number.POSITIVE_INFINITY));
    expect((await dumpOfLayout3()).chunkEnds).toEqual(done.chunkEnds);
  }
});

test("a late step changes nothing", async () => {
  const { store, redis, prefix } = at.current;
  await store.send(QUEUE, [item({ delayMs: 1_000, ttlMs: DAY_MS })], SETTINGS);
  await becomeLayout3(redis, prefix);
  const before = await dumpOfLayout3();
  await livesByChunk.run(stepsThatEnd(Number.POSITIVE_INFINITY));
  expect(await dumpOfLayout3()).toEqual(before);
});
