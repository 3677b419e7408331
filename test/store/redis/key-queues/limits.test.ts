import { expect, test } from "vitest";
import { keyQueueSteps } from "../../../support/key-queue-steps.ts";
import { redisCalls } from "../../../support/redis-calls.ts";
import { START_MS, until, useTestStore } from "../../../support/store.ts";
import { session } from "../../../support/store-items.ts";

const at = useTestStore();
const QUEUE = "orders";
const { useSettings, send, claim, claimNames, names, settle } = keyQueueSteps(at, QUEUE);
const many = (count: number, over: Record<string, unknown> = {}) =>
  Array.from({ length: count }, (_, n) => ({ name: `${over.limiterKey ?? "m"} ${n}`, ...over }));

test("a rate hands out its burst, then one by one as tokens come", async () => {
  useSettings({ rate: { perSecond: 10, burst: 3 } });
  await send(...many(10));
  expect(await claimNames()).toHaveLength(3);
  const waiting = await at.current.tick(QUEUE, []);
  expect(waiting.nextDueAtMs).toBe(START_MS + 100);
  expect((await at.current.store.stats([QUEUE]))[0]?.rateBucket).toEqual({
    tokens: 0,
    atMs: START_MS,
  });
  await at.current.clock.advance(99);
  expect(await claimNames()).toHaveLength(0);
  await at.current.clock.advance(1);
  expect(await claimNames()).toHaveLength(1);
  await at.current.clock.advance(10_000);
  expect(await claimNames()).toHaveLength(3);
});

test("a rate holds over all nodes together", async () => {
  useSettings({ rate: { perSecond: 1, burst: 5 } });
  await send(...many(10));
  const other = at.current.openStore();
  expect(await claimNames({ count: 3 })).toHaveLength(3);
  await until("the other one's connection", () => other.ready || undefined);
  const settings = { ttlAction: "quarantine", quarantineRetentionMs: 0 } as const;
  const { claimed } = await other.tick(QUEUE, {
    claimNumber: 1,
    sessions: [
      {
        sessionId: new Uint8Array(16).fill(9),
        nonce: new Uint8Array(16).fill(9),
        ...{ count: 100, bytes: 1 << 20, leaseMs: 30_000, canIsolate: true },
      },
    ],
    settings,
  });
  expect(claimed).toHaveLength(2);
});

test("a key's rate holds back that key alone", async () => {
  useSettings({ keyAttribute: "host", keyRate: { perSecond: 1, burst: 2 } });
  await send(...many(5, { limiterKey: "slow" }), ...many(2, { limiterKey: "fast" }), {
    name: "none",
  });
  expect((await claimNames()).toSorted()).toEqual(["fast 0", "fast 1", "none", "slow 0", "slow 1"]);
  expect(await claimNames()).toEqual([]);
  expect((await at.current.tick(QUEUE, [])).nextDueAtMs).toBe(START_MS + 1_000);
  await at.current.clock.advance(1_000);
  expect(await claimNames()).toEqual(["slow 2"]);
});

test("messages in flight of one key stay within their number, and the next one follows an outcome", async () => {
  useSettings({ keyAttribute: "host", keyMaxInFlight: 2 });
  await send(...many(4, { limiterKey: "a" }));
  const held = await claim();
  expect(names(held)).toEqual(["a 0", "a 1"]);
  expect(await claimNames()).toEqual([]);
  await settle(held.slice(0, 1), "succeed");
  expect((await at.current.tick(QUEUE, [])).nextDueAtMs).toBe(START_MS);
  expect(await claimNames()).toEqual(["a 2"]);
});

test("a lease that expires makes room for its key", async () => {
  useSettings({ keyAttribute: "host", keyMaxInFlight: 1 });
  await send(...many(2, { limiterKey: "a" }));
  expect(await claimNames({ leaseMs: 1_000 })).toEqual(["a 0"]);
  await at.current.clock.advance(1_001);
  expect(await claimNames()).toHaveLength(1);
});

test("due messages of many keys get equal shares of one claim", async () => {
  useSettings({ keyAttribute: "host", keyMaxInFlight: 1_000 });
  await send(...many(50, { limiterKey: "big" }));
  await at.current.clock.advance(1);
  await send(...many(2, { limiterKey: "small" }));
  const claimed = await claimNames({ count: 10 });
  expect(claimed.filter((name) => name?.startsWith("small"))).toHaveLength(2);
});

test("a claim reads no blocked message: a hundred closed keys cost one look each", async () => {
  useSettings({ keyAttribute: "host", keyMaxInFlight: 1 });
  for (let key = 0; key < 100; key++) await send(...many(5, { limiterKey: `k${key}` }));
  await claim({ count: 100 });
  await claimNames();
  const { keyQueues } = await at.current.dump(QUEUE);
  expect(keyQueues.entries.size).toBe(0);
  expect(keyQueues.limiters.size).toBe(100);
});

test("a key that a higher priority has used up costs one look at each lower one", async () => {
  useSettings({ keyAttribute: "host", keyMaxInFlight: 1 });
  const of = (priority: number) => ({ name: `${priority}`, priority, limiterKey: "busy" });
  await send(of(5), of(3), of(0));
  const { redis } = at.current;
  const looks = await redisCalls(redis, "zrangebyscore", async () => {
    expect(await claimNames({ count: 10 })).toEqual(["5"]);
  });
  expect(looks).toBeLessThan(20);
});

test("new settings open limiters that old settings closed", async () => {
  useSettings({ keyAttribute: "host", keyRate: { perSecond: 0.001, burst: 1 } });
  await send(...many(3, { limiterKey: "a" }));
  await claim();
  expect(await claimNames()).toEqual([]);
  useSettings({});
  expect(await claimNames()).toEqual(["a 1", "a 2"]);
});

test("a budget lets retries be a share of first deliveries, and a few in any case", async () => {
  useSettings({ retryBudget: { ratio: 0.5, minPerSecond: 1 } });
  await send(...many(60));
  const first = await claim({ count: 60 });
  await settle(first, "failReschedule", { delayMs: 0 });
  // The bucket holds 50 tokens at the ratio 0.5, or 10 s of the minimum: it was full.
  expect(await claimNames()).toHaveLength(50);
  expect(await claimNames()).toHaveLength(0);
  await at.current.clock.advance(2_000);
  expect(await claimNames()).toHaveLength(2);
  await send(...many(4));
  expect(await claimNames()).toHaveLength(4);
  expect(await claimNames()).toHaveLength(2);
});

test("first deliveries do not wait behind retries that the budget holds", async () => {
  useSettings({ retryBudget: { ratio: 0.01, minPerSecond: 0 } });
  await send(...many(15));
  await settle(await claim(), "failReschedule", { delayMs: 0 });
  expect(await claimNames()).toHaveLength(10);
  await send({ name: "fresh" });
  expect(await claimNames()).toEqual(["fresh"]);
});

test("an isolated delivery follows within a second after its key opens", async () => {
  useSettings({ keyAttribute: "host", keyMaxInFlight: 1 });
  await send({ name: "isolated", limiterKey: "a" });
  for (let time = 0; time < 2; time++) {
    await claim({ leaseMs: 1_000 });
    await at.current.clock.advance(1_000);
    await at.current.tick(QUEUE, []);
  }
  await send({ name: "other", limiterKey: "a" });
  // A stream that holds a message gets no isolated delivery.
  const held = await claim({ canIsolate: false });
  expect(names(held)).toEqual(["other"]);
  expect(await claimNames()).toEqual([]);
  await settle(held, "succeed");
  const { nextIsolatedAtMs, nowMs } = await at.current.tick(QUEUE, []);
  expect(nextIsolatedAtMs).toBe(nowMs + 1_000);
  await at.current.clock.advance(1_000);
  expect(await claimNames()).toEqual(["isolated"]);
});

test("nodes share a retry budget, and one node may use all of it", async () => {
  useSettings({ retryBudget: { ratio: 0.01, minPerSecond: 1 } });
  await send(...many(30));
  await settle(await claim(), "failReschedule", { delayMs: 0 });
  const other = at.current.openStore();
  await until("the other one's connection", () => other.ready || undefined);
  const claimAtOther = async () => {
    const settings = { ttlAction: "quarantine", quarantineRetentionMs: 0 } as const;
    const request = { claimNumber: 1, sessions: [session(9)], settings };
    return (await other.tick(QUEUE, request)).claimed.length;
  };
  expect((await claimNames({ count: 4 })).length + (await claimAtOther())).toBe(10);
  await other.close();
  await at.current.clock.advance(5_000);
  expect(await claimNames()).toHaveLength(5);
});

test("deliveries before the budget was set do not count against it", async () => {
  await send(...many(200));
  await settle(await claim({ count: 200 }), "failReschedule", { delayMs: 0 });
  useSettings({ retryBudget: { ratio: 0.1, minPerSecond: 1 } });
  await settle(await claim({ count: 200 }), "failReschedule", { delayMs: 0 });
  expect(await claimNames()).toEqual([]);
  await at.current.clock.advance(5_000);
  expect(await claimNames()).toHaveLength(5);
});

test("a clock that jumps back stops no rate, neither of the queue nor of a key", async () => {
  const rate = { perSecond: 10, burst: 1 };
  useSettings({ rate, keyAttribute: "host", keyRate: rate });
  await send(...many(3, { limiterKey: "a" }));
  expect(await claimNames()).toEqual(["a 0"]);
  await at.current.clock.advance(50);
  await at.current.clock.set(START_MS - 3_600_000);
  await send(...many(3, { limiterKey: "b" }));
  await at.current.tick(QUEUE, []);
  await at.current.clock.advance(100);
  expect(await claimNames()).toEqual(["b 0"]);
  await at.current.clock.advance(100);
  expect(await claimNames()).toEqual(["b 1"]);
});

test("a clock that jumps back keeps no limiter closed longer", async () => {
  useSettings({ keyAttribute: "host", keyRate: { perSecond: 1, burst: 1 } });
  await send(...many(2, { limiterKey: "a" }));
  await claim();
  expect(await claimNames()).toEqual([]);
  await at.current.clock.set(START_MS - 3_600_000);
  await send({ name: "now", limiterKey: "a" });
  expect(await claimNames()).toEqual([]);
  await at.current.clock.advance(1_000);
  expect(await claimNames()).toEqual(["now"]);
});
