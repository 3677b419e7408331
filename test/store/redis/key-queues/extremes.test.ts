import { expect, test } from "vitest";
import type { Claimed } from "../../../../src/store/contract.ts";
import { BREAKER, keyQueueSteps } from "../../../support/key-queue-steps.ts";
import { START_MS, useTestStore } from "../../../support/store.ts";

// The smallest and largest numbers that the configuration allows.

const at = useTestStore();
const QUEUE = "orders";
const { useSettings, send, claim, claimNames, settle } = keyQueueSteps(at, QUEUE);
const many = (count: number, over: Record<string, unknown> = {}) =>
  Array.from({ length: count }, (_, n) => ({ name: `${n}`, ...over }));
const fail = (claims: readonly Claimed[]) =>
  settle(claims, "failReschedule", { delayMs: 0, countsForBreaker: true });
const stats = async () => (await at.current.store.stats([QUEUE]))[0];

test("the lowest rate delivers one message each thousand seconds", async () => {
  useSettings({ rate: { perSecond: 0.001, burst: 1 } });
  await send(...many(2));
  expect(await claimNames()).toEqual(["0"]);
  expect((await at.current.tick(QUEUE, [])).nextDueAtMs).toBe(START_MS + 1_000_000);
  await at.current.clock.advance(999_999);
  expect(await claimNames()).toEqual([]);
  await at.current.clock.advance(1);
  expect(await claimNames()).toEqual(["1"]);
});

test("the lowest rate of a key delivers one message each thousand seconds", async () => {
  useSettings({ keyAttribute: "host", keyRate: { perSecond: 0.001, burst: 1 } });
  await send(...many(2, { limiterKey: "a" }));
  expect(await claimNames()).toEqual(["0"]);
  expect(await claimNames()).toEqual([]);
  await at.current.clock.advance(999_990);
  expect(await claimNames()).toEqual([]);
  await at.current.clock.advance(10);
  expect(await claimNames()).toEqual(["1"]);
});

test("the highest rates and bursts block nothing", async () => {
  const most = { perSecond: 1_000_000, burst: 1_000_000 };
  useSettings({
    ...{ rate: most, keyAttribute: "host", keyRate: most, keyMaxInFlight: 10_000 },
    retryBudget: { ratio: 100, minPerSecond: 1_000_000 },
  });
  await send(...many(500, { limiterKey: "a" }));
  const first = [...(await claim({ count: 200 })), ...(await claim({ count: 300 }))];
  expect(first.length + (await claim({ count: 200 })).length).toBe(500);
  await fail(first);
  expect(await claim({ count: 200 })).toHaveLength(200);
});

test("the highest rate with the smallest burst goes one by one", async () => {
  useSettings({ rate: { perSecond: 1_000_000, burst: 1 } });
  await send(...many(3));
  expect(await claimNames()).toHaveLength(1);
  // The shortest time until the next look.
  expect((await at.current.tick(QUEUE, [])).nextDueAtMs).toBe(START_MS + 5);
  await at.current.clock.advance(1);
  expect(await claimNames()).toHaveLength(1);
});

test("the shortest window forgets after a second, the longest after an hour", async () => {
  for (const [windowMs, key] of [
    [1_000, "short"],
    [3_600_000, "long"],
  ] as const) {
    useSettings({ keyAttribute: "host", breaker: { ...BREAKER, scope: "key", windowMs } });
    await send(...many(7, { limiterKey: key }));
    const held = await claim({ leaseMs: 12 * 3_600_000 });
    const open = async () => (await stats())?.openBreakers;
    await fail(held.slice(0, 3));
    await at.current.clock.advance(windowMs);
    await fail(held.slice(3, 4));
    expect(await open()).toBe(0);
    await at.current.clock.advance(Math.floor(windowMs * 0.8));
    await fail(held.slice(4, 6));
    expect(await open()).toBe(0);
    await fail(held.slice(6));
    expect(await open()).toBe(1);
    await at.current.store.deliveryBlocks.resetBreaker(QUEUE, key);
    await settle(await claim(), "discard");
  }
});

test("a hundred probes must all succeed", async () => {
  useSettings({ breaker: { ...BREAKER, probes: 100 } });
  await send(...many(150));
  await fail(await claim({ count: 4 }));
  await at.current.clock.advance(BREAKER.openMs);
  const probes = await claim({ count: 200 });
  expect(probes).toHaveLength(100);
  await settle(probes.slice(0, 99), "succeed");
  expect((await stats())?.breaker.state).toBe("HALF_OPEN");
  await settle(probes.slice(99), "succeed");
  expect((await stats())?.breaker.state).toBe("CLOSED");
});

test("a breaker that any failure opens, and one that only all of them do", async () => {
  useSettings({ breaker: { ...BREAKER, minimumVolume: 1, failureRatio: 0.000_001 } });
  await send(...many(10));
  const held = await claim();
  await settle(held.slice(0, 5), "succeed");
  await fail(held.slice(5, 6));
  expect((await stats())?.breaker.state).toBe("OPEN");
  await at.current.store.deliveryBlocks.resetBreaker(QUEUE, "");
  await settle(held.slice(6), "discard");
  await at.current.clock.advance(1);
  useSettings({ breaker: { ...BREAKER, minimumVolume: 3, failureRatio: 1 } });
  await send(...many(6));
  const next = await claim();
  await settle(next.slice(0, 1), "succeed");
  await fail(next.slice(1, 6));
  expect((await stats())?.breaker.state).toBe("CLOSED");
});

test("the failure ratio is exact: three failures of thirty are a tenth", async () => {
  useSettings({ breaker: { ...BREAKER, minimumVolume: 30, failureRatio: 0.1 } });
  await send(...many(30));
  const held = await claim();
  await settle(held.slice(0, 27), "succeed");
  await fail(held.slice(27, 29));
  expect((await stats())?.breaker.state).toBe("CLOSED");
  await fail(held.slice(29));
  expect((await stats())?.breaker.state).toBe("OPEN");
});

test("the longest keys, in characters of several bytes, differ by their last one", async () => {
  const key = "ü".repeat(63);
  useSettings({
    ...{ keyAttribute: "host", keyMaxInFlight: 1 },
    breaker: { ...BREAKER, scope: "key", minimumVolume: 1 },
  });
  await send(...many(2, { limiterKey: `${key}é` }), ...many(2, { limiterKey: `${key}à` }));
  const held = await claim();
  expect(held).toHaveLength(2);
  expect(await claimNames()).toEqual([]);
  await fail(held.slice(0, 1));
  const open = await at.current.store.deliveryBlocks.breakers(QUEUE);
  expect(open.map((breaker) => breaker.key)).toEqual([`${key}é`]);
  await settle(held.slice(1), "succeed");
  expect(await claimNames()).toEqual(["1"]);
});

test("every priority at once, in its order", async () => {
  const priorities = Array.from({ length: 201 }, (_, n) => n - 100);
  await send(...priorities.map((priority) => ({ name: `${priority}`, priority })));
  const first = await claimNames({ count: 150 });
  const names = [...first, ...(await claimNames({ count: 150 }))];
  expect(names).toEqual(priorities.toReversed().map(String));
});
