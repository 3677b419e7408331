import { expect, test } from "vitest";
import { formatMessageId } from "../../../src/core/message-id.ts";
import { partitionKeys, QUEUE_KEYS } from "../../../src/store/redis/keys.ts";
import { partitionOf } from "../../../src/store/redis/partitions.ts";
import { keyQueueSteps } from "../../support/key-queue-steps.ts";
import { redisCalls } from "../../support/redis-calls.ts";
import { until, useTestStore } from "../../support/store.ts";
import { item, SETTINGS, session, sessionId, tokenOf } from "../../support/store-items.ts";

// Bounds of what a call, a queue or an answer costs. They count commands, keys, entries and bytes, not time.

const at = useTestStore();
const QUEUE = "orders";
const MINUTE_MS = 60_000;

const items = (count: number) => Array.from({ length: count }, (_, n) => n);

test("Stats reads many queues in one call", async () => {
  const queues = items(600).map((n) => `queue-${n}`);
  const { store } = at.current;
  await Promise.all(queues.map((queue) => store.send(queue, [item()], SETTINGS)));
  const calls = await redisCalls(at.current.redis, "evalsha", () => store.stats(queues));
  expect(calls).toBeLessThanOrEqual(10);
});

test("many first messages at once count the queues once", async () => {
  const queues = items(100).map((n) => `new-${n}`);
  const { store } = at.current;
  const calls = await redisCalls(at.current.redis, "zcard", () =>
    Promise.all(queues.map((queue) => store.send(queue, [item()], SETTINGS))),
  );
  expect(calls).toBeLessThanOrEqual(1_000);
});

test("a lease needs no tick of its queue before it ends", async () => {
  const { store, clock } = at.current;
  await store.send(QUEUE, [item()], SETTINGS);
  await at.current.tick(QUEUE, [session(1, { leaseMs: 60 * MINUTE_MS })]);
  await clock.advance(59 * MINUTE_MS);
  expect((await store.wakeUps.overdue()).queues).toEqual([]);
});

test("a hash of thousands of answers is freed in the background, not by its expiry", async () => {
  const { store, clock, redis } = at.current;
  const sends = items(2_000).map((n) => item({ requestId: `request ${n}` }));
  await store.send(QUEUE, sends, SETTINGS);
  const [key = ""] = await redis.keys(at.current.key(QUEUE, `${QUEUE_KEYS.answers}*`));
  // No call reads it any more.
  await clock.advance(15 * MINUTE_MS);
  await store.send(QUEUE, [item({ requestId: "later" })], SETTINGS);
  expect(await redis.exists(key)).toBe(0);
});

test("this holds for a hash that began late, and expires when the next but two is new", async () => {
  const { store, clock, redis } = at.current;
  await clock.advance(5 * MINUTE_MS - 1);
  await store.send(QUEUE, [item({ requestId: "late" })], SETTINGS);
  const [key = ""] = await redis.keys(at.current.key(QUEUE, `${QUEUE_KEYS.answers}*`));
  await clock.advance(15 * MINUTE_MS + 1);
  expect(await redis.exists(key)).toBe(1);
  await store.send(QUEUE, [item({ requestId: "later" })], SETTINGS);
  expect(await redis.exists(key)).toBe(0);
});

test("abandon reads the messages of the claim only", async () => {
  const { store } = at.current;
  await store.send(
    QUEUE,
    items(300).map(() => item()),
    SETTINGS,
  );
  const wide = { count: 300, leaseMs: 60 * MINUTE_MS };
  for (let n = 0; n < 2; n++) await at.current.tick(QUEUE, [session(1, wide)]);
  await store.send(QUEUE, [item()], SETTINGS);
  const last = session(1, wide);
  expect((await at.current.tick(QUEUE, [last])).claimed).toHaveLength(1);
  const reads = await redisCalls(at.current.redis, "hget", () =>
    store.abandon(QUEUE, 1_000, [last]),
  );
  expect(reads).toBeLessThanOrEqual(20);
});

test("a tick under other delivery settings looks at some of the blocked keys", async () => {
  const { redis } = at.current;
  const { useSettings, send, claim } = keyQueueSteps(at, QUEUE);
  const keys = 300;
  useSettings({ keyAttribute: "host", keyRate: { perSecond: 0.001, burst: 1 } });
  for (let n = 0; n < 2; n++) {
    await send(...items(keys).map((key) => ({ name: "one", limiterKey: `key ${key}` })));
    for (let tick = 0; tick < 4; tick++) await claim({ count: 200, leaseMs: 60 * MINUTE_MS });
  }
  const key = at.current.key(QUEUE, QUEUE_KEYS.limiters);
  const limiters = async () => {
    const flat = await redis.zrange(key, "0", "-1", "WITHSCORES");
    return new Map(items(flat.length / 2).map((n) => [flat[2 * n], flat[2 * n + 1]]));
  };
  const before = await limiters();
  // Another server, with settings that differ for a moment.
  useSettings({ keyAttribute: "host", keyRate: { perSecond: 0.001, burst: 2 } });
  await at.current.tick(QUEUE);
  const after = await limiters();
  const changed = [...before].filter(([limiter, at]) => after.get(limiter) !== at);
  // As many as one tick opens.
  expect(changed.length).toBeLessThanOrEqual(200);
});

test("an answer to a request takes at most 120 bytes, and a change in the outbox 60", async () => {
  const { store, redis } = at.current;
  const count = 10_000;
  const before = await outboxBytes();
  for (let first = 0; first < count; first += 1_000) {
    const sends = items(1_000).map((n) => item({ requestId: `request ${first + n}` }));
    await store.send(QUEUE, sends, SETTINGS);
  }
  const [key = ""] = await redis.keys(at.current.key(QUEUE, `${QUEUE_KEYS.answers}*`));
  const bytes = await redis.memory("USAGE", key, "SAMPLES", "0");
  expect(Number(bytes) / count).toBeLessThanOrEqual(120);
  expect(((await outboxBytes()) - before) / count).toBeLessThanOrEqual(60);
});

async function outboxBytes(): Promise<number> {
  const { outbox } = partitionKeys(at.current.prefix, partitionOf(QUEUE));
  return Number((await at.current.redis.memory("USAGE", outbox, "SAMPLES", "0")) ?? 0);
}

test("an extension of a lease takes no entry of the outbox", async () => {
  const { store, redis } = at.current;
  await store.send(QUEUE, [item()], SETTINGS);
  const { claimed } = await at.current.tick(QUEUE, [session(1)]);
  const entries = () => redis.xlen(partitionKeys(at.current.prefix, partitionOf(QUEUE)).outbox);
  const before = await entries();
  const extended = claimed.map((one) => ({ token: tokenOf(one), leaseMs: 90_000 }));
  const [reply] = await store.extend(QUEUE, extended);
  expect(reply?.status).toBe("APPLIED");
  expect(await entries()).toBe(before);
});

test("the workers of a dead server are removed after an hour", async () => {
  const { redis, store } = at.current;
  await store.send(QUEUE, [item()], SETTINGS);
  const dead = at.current.openStore({ nodeId: "dead" });
  await until("the connection", () => dead.ready || undefined);
  await dead.registerSession({
    sessionId: formatMessageId(sessionId(1)),
    workerId: "worker",
    queues: [QUEUE],
    maxInFlight: 10,
  });
  // As after a kill, and an hour without a sign of life.
  await dead.close();
  await redis.zadd(`${at.current.prefix}:nodes`, 0, "dead");
  await store.signOfLife();
  expect(await redis.hlen(at.current.key(QUEUE, QUEUE_KEYS.workers))).toBe(0);
});
