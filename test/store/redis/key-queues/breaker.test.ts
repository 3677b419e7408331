import { expect, test } from "vitest";
import type { Claimed } from "../../../../src/store/contract.ts";
import { BREAKER, keyQueueSteps } from "../../../support/key-queue-steps.ts";
import { START_MS, useTestStore } from "../../../support/store.ts";
import { bytes, hex } from "../../../support/store-items.ts";

const at = useTestStore();
const QUEUE = "orders";
const { useSettings, send, claim, claimNames, settle } = keyQueueSteps(at, QUEUE);
const many = (count: number, over: Record<string, unknown> = {}) =>
  Array.from({ length: count }, (_, n) => ({ name: `${over.limiterKey ?? "m"} ${n}`, ...over }));
const fail = (claims: readonly Claimed[]) =>
  settle(claims, "failReschedule", { delayMs: 0, countsForBreaker: true });
const stats = async () => (await at.current.store.stats([QUEUE]))[0];
const message = async (claimed: Claimed) =>
  (await at.current.dump(QUEUE)).messages.get(hex(claimed.id));

test("it opens when enough outcomes are failures, and nothing is delivered while it is open", async () => {
  useSettings({ breaker: BREAKER });
  await send(...many(10));
  const held = await claim({ count: 4 });
  await settle(held.slice(0, 2), "succeed");
  await fail(held.slice(2, 3));
  expect((await stats())?.breaker.state).toBe("CLOSED");
  await fail(held.slice(3));
  expect((await stats())?.breaker).toEqual({ state: "OPEN", retryAtMs: START_MS + 5_000 });
  expect(await claimNames()).toEqual([]);
  expect((await at.current.tick(QUEUE, [])).nextDueAtMs).toBe(START_MS + 5_000);
});

test("outcomes below the minimum volume, and old ones, open nothing", async () => {
  useSettings({ breaker: BREAKER });
  await send(...many(10));
  await fail(await claim({ count: 3 }));
  await at.current.clock.advance(10_000);
  await fail(await claim({ count: 3 }));
  expect((await stats())?.breaker.state).toBe("CLOSED");
});

test("a number of failures in a row opens it, whatever the volume", async () => {
  useSettings({ breaker: { ...BREAKER, minimumVolume: 1_000, consecutiveFailures: 3 } });
  await send(...many(10));
  await fail(await claim({ count: 2 }));
  await settle(await claim({ count: 1 }), "succeed");
  await fail(await claim({ count: 2 }));
  expect((await stats())?.breaker.state).toBe("CLOSED");
  await fail(await claim({ count: 1 }));
  expect((await stats())?.breaker.state).toBe("OPEN");
});

test("failures whose reason does not count open nothing, and dilute nothing", async () => {
  useSettings({ breaker: BREAKER });
  await send(...many(30));
  await settle(await claim({ count: 20 }), "failReschedule", { countsForBreaker: false });
  expect((await stats())?.breaker.state).toBe("CLOSED");
  await fail(await claim({ count: 4 }));
  expect((await stats())?.breaker.state).toBe("OPEN");
});

test("a failure of a lease from before it opened is stored and exempt", async () => {
  useSettings({ breaker: BREAKER });
  await send(...many(6));
  const held = await claim();
  await fail(held.slice(0, 4));
  const late = held[4] as Claimed;
  const reply = await fail([late]);
  expect(reply?.results[0]).toMatchObject({ status: "APPLIED", state: "SCHEDULED" });
  expect(await message(late)).toMatchObject({ attempts: 0, failures: 2, reason: "NETWORK_ERROR" });
  expect(await message(held[0] as Claimed)).toMatchObject({ attempts: 1 });
  const exhausted = held[5] as Claimed;
  await settle([exhausted], "failQuarantine", { countsForBreaker: true });
  expect(await message(exhausted)).toMatchObject({ state: "SCHEDULED", attempts: 0 });
});

test("a failure that no retry can fix goes to quarantine while it is open", async () => {
  useSettings({ breaker: BREAKER });
  await send(...many(5));
  const held = await claim();
  await fail(held.slice(0, 4));
  await settle(held.slice(4), "failQuarantine", {
    quarantineReason: "NON_RETRYABLE",
    countsForBreaker: true,
  });
  expect(await message(held[4] as Claimed)).toMatchObject({ state: "QUARANTINED", attempts: 1 });
});

test("a failure from before it opened does not drop a message", async () => {
  useSettings({ breaker: BREAKER });
  await send(...many(5));
  const held = await claim();
  await fail(held.slice(0, 4));
  const reply = await settle(held.slice(4), "failDiscard", {
    ...{ reason: "NETWORK_ERROR", failure: bytes("attempt failed") },
    countsForBreaker: true,
  });
  expect(reply?.results[0]).toMatchObject({ status: "APPLIED", state: "SCHEDULED" });
  expect(await message(held[4] as Claimed)).toMatchObject({ state: "SCHEDULED", attempts: 0 });
});

test("a failure that no retry can fix moves its message while it is open", async () => {
  const kinds = {
    retried: ["SCHEDULED", undefined, undefined],
    exhausted: ["SCHEDULED", "RETRIES_EXHAUSTED", "RETRIES_EXHAUSTED"],
    "never retried": ["QUARANTINED", "NON_RETRYABLE", "NON_RETRYABLE"],
    "never retried here": ["SCHEDULED", undefined, "NON_RETRYABLE"],
    "set aside by a rule": ["QUARANTINED", "RULE", "RULE"],
  } as const;
  useSettings({ breaker: BREAKER });
  await send(...many(4 + Object.keys(kinds).length));
  const held = [...(await claim())];
  await fail(held.splice(0, 4));
  const moving: string[] = [];
  for (const [kind, [state, there, here]] of Object.entries(kinds)) {
    const one = held.shift() as Claimed;
    const ifRefused = { delayMs: 0, ...(here === undefined ? {} : { quarantineReason: here }) };
    const reply = await settle([one], "failMove", {
      ...{ delayMs: 0, countsForBreaker: true, move: { target: "other", ifRefused } },
      ...(there === undefined ? {} : { quarantineReason: there }),
    });
    expect(reply?.results[0], kind).toMatchObject({ status: "APPLIED", state });
    const { moving: isMoving, attempts } = (await message(one)) ?? {};
    expect(attempts, kind).toBe(isMoving ? 1 : 0);
    if (isMoving) moving.push(kind);
  }
  expect(moving).toEqual(["never retried", "never retried here", "set aside by a rule"]);
});

async function openIt(): Promise<void> {
  useSettings({ breaker: BREAKER });
  await send(...many(20));
  await fail(await claim({ count: 4 }));
}

test("after its time it hands out as many probes as it needs, and their success closes it", async () => {
  await openIt();
  await at.current.clock.advance(5_000);
  const probes = await claim();
  expect(probes).toHaveLength(2);
  expect(probes[0]?.leaseExpireAtMs).toBe(START_MS + 5_000 + BREAKER.probeLeaseMs);
  expect((await stats())?.breaker.state).toBe("HALF_OPEN");
  expect(await claimNames()).toEqual([]);
  await settle(probes.slice(0, 1), "succeed");
  expect(await claimNames()).toEqual([]);
  await settle(probes.slice(1), "succeed");
  expect((await stats())?.breaker.state).toBe("CLOSED");
  expect(await claimNames()).toHaveLength(18);
});

test("a probe that fails opens it again, for twice as long, up to the most", async () => {
  await openIt();
  let openMs = BREAKER.openMs;
  let nowMs = START_MS;
  for (let time = 0; time < 6; time++) {
    await at.current.clock.advance(openMs);
    nowMs += openMs;
    const probes = await claim();
    expect(probes).toHaveLength(2);
    await fail(probes);
    openMs = Math.min(2 * openMs, BREAKER.maxOpenMs);
    expect((await stats())?.breaker).toEqual({ state: "OPEN", retryAtMs: nowMs + openMs });
  }
});

test("of several probes that fail the first one counts as an attempt, the others do not", async () => {
  await openIt();
  await at.current.clock.advance(5_000);
  const [one, two] = (await claim()) as [Claimed, Claimed];
  const before = [await message(one), await message(two)].map((m) => m?.attempts ?? 0);
  await fail([one, two]);
  const after = [await message(one), await message(two)].map((m) => m?.attempts ?? 0);
  expect(after).toEqual([(before[0] ?? 0) + 1, before[1]]);
});

test("a probe that hangs opens it again, and the message is exempt", async () => {
  await openIt();
  await at.current.clock.advance(5_000);
  const [probe] = (await claim({ count: 1 })) as [Claimed];
  await at.current.clock.advance(BREAKER.probeLeaseMs);
  await at.current.tick(QUEUE, []);
  expect((await stats())?.breaker.state).toBe("OPEN");
  expect(await message(probe)).toMatchObject({ state: "SCHEDULED", expiries: 0, unknown: 1 });
});

test("a returned probe makes room for another one", async () => {
  await openIt();
  await at.current.clock.advance(5_000);
  const probes = await claim();
  await settle(probes.slice(0, 1), "release");
  expect(await claim()).toHaveLength(1);
  expect((await stats())?.breaker.state).toBe("HALF_OPEN");
});

test("a half-open breaker with a probe to give does not delay the next token of the rate", async () => {
  useSettings({ breaker: BREAKER, rate: { perSecond: 0.5, burst: 4 } });
  await send(...many(10));
  await fail(await claim());
  await at.current.clock.advance(5_000);
  const probes = await claim();
  expect(probes).toHaveLength(2);
  await settle(probes.slice(0, 1), "release");
  expect((await at.current.tick(QUEUE, [])).nextDueAtMs).toBe(START_MS + 6_000);
  await at.current.clock.advance(1_000);
  expect(await claim()).toHaveLength(1);
});

test("outcomes of leases from before it opened do not count, even after it has closed", async () => {
  useSettings({ breaker: BREAKER });
  await send(...many(20));
  const held = await claim({ count: 12 });
  await fail(held.slice(0, 4));
  await at.current.clock.advance(5_000);
  await settle(held.slice(4, 6), "succeed");
  await settle(await claim(), "succeed");
  expect((await stats())?.breaker.state).toBe("CLOSED");
  await fail(held.slice(6));
  expect((await stats())?.breaker.state).toBe("CLOSED");
  expect(await message(held[7] as Claimed)).toMatchObject({ attempts: 0 });
});

test("by key, one bad host does not stop the others", async () => {
  useSettings({ keyAttribute: "host", breaker: { ...BREAKER, scope: "key" } });
  await send(...many(10, { limiterKey: "bad" }), ...many(10, { limiterKey: "good" }), {
    name: "none",
  });
  const all = await claim();
  const of = (key: string) =>
    all.filter(({ envelope }) => String(Buffer.from(envelope)).startsWith(key));
  await fail(of("bad").slice(0, 4));
  await settle(of("good").slice(0, 4), "succeed");
  await fail(of("bad").slice(4));
  await settle(of("good").slice(4), "release", { delayMs: 0 });
  await settle(of("none"), "release", { delayMs: 0 });
  const next = await claimNames();
  expect(next.filter((name) => name?.startsWith("good"))).toHaveLength(6);
  expect(next).toContain("none");
  expect(next.filter((name) => name?.startsWith("bad"))).toEqual([]);
  expect(await stats()).toMatchObject({ openBreakers: 1, breaker: { state: "CLOSED" } });
  await at.current.clock.advance(5_000);
  const probes = await claim();
  expect(probes).toHaveLength(2);
  await settle(probes, "succeed");
  expect(await claim()).toHaveLength(8);
  expect(await stats()).toMatchObject({ openBreakers: 0 });
});

test("opening and closing are in the outbox", async () => {
  await openIt();
  await at.current.clock.advance(5_000);
  await settle(await claim(), "succeed");
  const kinds = (await at.current.dump(QUEUE)).changes.map(({ kind }) => kind);
  expect(kinds.filter((kind) => kind.startsWith("breaker"))).toEqual([
    "breaker_opened",
    "breaker_half_opened",
    "breaker_closed",
  ]);
});

test("open breakers are listed, and can be closed by hand", async () => {
  useSettings({ keyAttribute: "host", breaker: { ...BREAKER, scope: "key" } });
  await send(...many(12, { limiterKey: "bad" }), ...many(2, { limiterKey: "good" }));
  const held = await claim({ count: 10 });
  await fail(
    held.filter(({ envelope }) => String(Buffer.from(envelope)).startsWith("bad")).slice(0, 4),
  );
  const { store } = at.current;
  expect(await store.deliveryBlocks.breakers(QUEUE)).toEqual([
    {
      key: "bad",
      state: "OPEN",
      openSinceMs: START_MS,
      retryAtMs: START_MS + BREAKER.openMs,
      openedCount: 1,
    },
  ]);
  expect(await claimNames()).not.toContain("bad 11");
  expect(await store.deliveryBlocks.resetBreaker(QUEUE, "bad")).toBe(true);
  expect(await store.deliveryBlocks.resetBreaker(QUEUE, "bad")).toBe(false);
  expect(await store.deliveryBlocks.breakers(QUEUE)).toEqual([]);
  expect(await claimNames()).toContain("bad 11");
});

test("an expired lease from before it opened is exempt", async () => {
  useSettings({ breaker: BREAKER });
  await send(...many(5));
  const held = await claim({ leaseMs: 1_000 });
  await fail(held.slice(0, 4));
  await at.current.clock.advance(1_000);
  await at.current.tick(QUEUE, []);
  expect(await message(held[4] as Claimed)).toMatchObject({ expiries: 0, unknown: 1 });
});

test("an exempt failure resets the count of expired leases", async () => {
  useSettings({ breaker: BREAKER });
  await send({ name: "isolated" });
  for (let time = 0; time < 2; time++) {
    await claim({ leaseMs: 1_000 });
    await at.current.clock.advance(1_000);
    await at.current.tick(QUEUE, []);
  }
  const [isolated] = (await claim()) as [Claimed];
  expect(isolated.isolated).toBe(true);
  await send(...many(4));
  await fail(await claim());
  await fail([isolated]);
  expect(await message(isolated)).toMatchObject({ attempts: 0, expiries: 0, isolated: false });
});

test("a breaker that was off while its probes ended tries again when it is back", async () => {
  await openIt();
  await at.current.clock.advance(5_000);
  const probes = await claim();
  useSettings({});
  await settle(probes, "release", { delayMs: 0 });
  useSettings({ breaker: BREAKER });
  const again = await claim();
  expect(again).toHaveLength(2);
  await settle(again, "succeed");
  expect((await stats())?.breaker.state).toBe("CLOSED");
});

test("messages behind an open breaker are delivered when the settings no longer have a breaker", async () => {
  useSettings({ keyAttribute: "host", breaker: { ...BREAKER, scope: "key" } });
  await send(...many(10, { limiterKey: "bad" }));
  await fail(await claim({ count: 4 }));
  expect(await claimNames()).toEqual([]);
  useSettings({ keyAttribute: "host" });
  expect(await claimNames()).toHaveLength(10);
});

test("a breaker that is not used for a day is dropped", async () => {
  useSettings({ keyAttribute: "host", breaker: { ...BREAKER, scope: "key" } });
  await send(...many(4, { limiterKey: "bad" }));
  const held = await claim();
  await fail(held);
  expect((await stats())?.openBreakers).toBe(1);
  await at.current.clock.advance(25 * 3_600_000);
  const { deliveryStatus } = await at.current.tick(QUEUE, []);
  expect(deliveryStatus.openBreakers).toBe(0);
  expect((await stats())?.openBreakers).toBe(0);
});

test("the queue's breaker counts among the open ones", async () => {
  await openIt();
  const { deliveryStatus } = await at.current.tick(QUEUE, []);
  expect([deliveryStatus.openBreakers, (await stats())?.openBreakers]).toEqual([1, 1]);
});

test("a breaker that needs fewer probes now closes by those that have succeeded", async () => {
  useSettings({ breaker: { ...BREAKER, probes: 5 } });
  await send(...many(20));
  await fail(await claim({ count: 4 }));
  await at.current.clock.advance(5_000);
  const probes = await claim();
  await settle(probes.slice(0, 2), "succeed");
  await settle(probes.slice(2), "release", { delayMs: 0 });
  useSettings({ breaker: BREAKER });
  expect(await claim()).toHaveLength(18);
  expect((await stats())?.breaker.state).toBe("CLOSED");
});

test("a clock that jumps back keeps no breaker open longer, and its probes still close it", async () => {
  await openIt();
  await at.current.clock.set(START_MS - 3_600_000);
  await send(...many(10));
  await at.current.tick(QUEUE, []);
  await at.current.clock.advance(5_000);
  const probes = await claim();
  expect(probes).toHaveLength(2);
  await at.current.clock.set(START_MS - 2 * 3_600_000);
  await settle(probes, "succeed");
  expect((await stats())?.breaker.state).toBe("CLOSED");
});
