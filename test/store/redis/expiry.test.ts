import { expect, test } from "vitest";
import type { RedisStore } from "../../../src/store/redis/redis-store.ts";
import { START_MS, until, useTestStore } from "../../support/store.ts";
import {
  bytes,
  hex,
  item,
  NO_REQUEST,
  only,
  outcome,
  SETTINGS,
  session,
  sessionId,
  storedId,
} from "../../support/store-items.ts";

const at = useTestStore();
const QUEUE = "orders";

const send = async (count = 1) =>
  (
    await at.current.store.send(
      QUEUE,
      Array.from({ length: count }, () => item()),
      SETTINGS,
    )
  ).map(storedId);
const message = async (id: Uint8Array) => (await at.current.dump(QUEUE)).messages.get(hex(id));
const claim = async (n = 1) => (await at.current.tick(QUEUE, [session(n)])).claimed;

/** Lets the lease of a message expire. */
async function expire() {
  await at.current.clock.advance(30_000);
  return at.current.tick(QUEUE);
}

test("an expired lease counts as unknown outcome, not as attempt", async () => {
  const id = only(await send());
  await claim();
  await at.current.clock.advance(29_999);
  expect((await at.current.tick(QUEUE)).lost).toEqual([]);
  await at.current.clock.advance(1);
  expect(await at.current.tick(QUEUE)).toMatchObject({
    lost: [{ sessionId: sessionId(1), id, state: "SCHEDULED", heldMs: 30_000 }],
    leasesOut: 0,
    nextDueAtMs: START_MS + 30_000,
    nextLeaseAtMs: undefined,
  });
  expect(await message(id)).toMatchObject({
    state: "SCHEDULED",
    attempts: 0,
    expiries: 1,
    unknown: 1,
    dueAtMs: START_MS + 30_000,
  });
  expect((await at.current.dump(QUEUE)).counters).toMatchObject({ lease_expiries: 1 });
  expect(only(await claim(2))).toMatchObject({ outcomeUnknown: true, deliveryNumber: 2 });
});

test("after two expiries a message gets isolated delivery", async () => {
  const [isolated, neighbour] = (await send(2)) as [Uint8Array, Uint8Array];
  const both = await claim();
  await at.current.store.settle(QUEUE, NO_REQUEST, [
    outcome(both[1] as (typeof both)[0], "release", { delayMs: 60_000 }),
  ]);
  await expire();
  await claim();
  await expire();
  expect(await at.current.tick(QUEUE)).toMatchObject({
    nextDueAtMs: START_MS + 60_000,
    nextIsolatedAtMs: START_MS + 60_000,
  });

  const busy = await at.current.tick(QUEUE, [session(1, { canIsolate: false })]);
  expect(busy.claimed.map((c) => hex(c.id))).toEqual([hex(neighbour)]);
  await send();
  const { claimed } = await at.current.tick(QUEUE, [session(2), session(3)]);
  expect(claimed).toHaveLength(2);
  expect(claimed.find((c) => c.session === 0)).toMatchObject({ id: isolated, isolated: true });
  expect(claimed.find((c) => c.session === 1)).toMatchObject({ isolated: false });
  expect(await at.current.store.leases(QUEUE, sessionId(2))).toMatchObject([
    { id: isolated, isolated: true, deliveryNumber: 3 },
  ]);
});

test("an empty session without room gets no isolated delivery", async () => {
  await send();
  await claim();
  await expire();
  await claim();
  await expire();
  expect((await at.current.tick(QUEUE, [session(2, { count: 0 })])).claimed).toEqual([]);
});

test("isolated deliveries stay within the bytes of one reply", async () => {
  const items = Array.from({ length: 3 }, () => item({ envelope: bytes("x".repeat(2 << 20)) }));
  await at.current.store.send(QUEUE, items, SETTINGS);
  for (let n = 0; n < 2; n++) {
    await claim();
    await claim();
    await expire();
  }
  const four = [session(1), session(2), session(3), session(4)];
  expect((await at.current.tick(QUEUE, four)).claimed).toHaveLength(2);
});

test("after five expiries it is quarantined as a crash loop", async () => {
  const id = only(await send());
  for (let n = 1; n <= 4; n++) {
    await claim();
    expect(only((await expire()).lost).state).toBe("SCHEDULED");
  }
  await claim();
  expect(only((await expire()).lost).state).toBe("QUARANTINED");
  expect(await message(id)).toMatchObject({
    quarantineReason: "CRASH_LOOP",
    expiries: 5,
    attempts: 0,
  });
});

test("an outcome ends isolated delivery", async () => {
  const id = only(await send());
  await claim();
  await expire();
  await claim();
  await expire();
  const claimed = only(await claim());
  await at.current.store.settle(QUEUE, NO_REQUEST, [outcome(claimed, "failReschedule")]);
  expect(await message(id)).toMatchObject({ expiries: 0, isolated: false, attempts: 1 });
});

test("one tick takes back a bounded number of leases", async () => {
  await send(250);
  await at.current.tick(QUEUE, [session(1, { count: 250 })]);
  await at.current.tick(QUEUE, [session(1, { count: 250 })]);
  expect((await expire()).lost).toHaveLength(200);
  expect((await at.current.tick(QUEUE)).lost).toHaveLength(50);
});

let claimNumber = 0;
const tickOf = (store: RedisStore, n?: number, leaseMs = 30_000) =>
  store.tick(QUEUE, {
    claimNumber: ++claimNumber,
    sessions: n === undefined ? [] : [session(n, { leaseMs })],
    settings: { ttlAction: "quarantine", quarantineRetentionMs: 0 },
  });

async function graceful() {
  const store = at.current.openStore({ expiryGraceMs: 30_000 });
  await until("the connection", () => store.ready || undefined);
  return store;
}

test("after an outage leases get one more grace, so that workers can report", async () => {
  const store = await graceful();
  const [a, b] = (await send(2)) as [Uint8Array, Uint8Array];
  const { claimed } = await tickOf(store, 1);
  await at.current.clock.advance(3_600_000);
  const back = await tickOf(store);
  expect(back).toMatchObject({ lost: [], leasesOut: 2, nextLeaseAtMs: START_MS + 3_630_000 });

  // One worker extends its expired lease; the other does not.
  const extended = await store.extend(QUEUE, [
    { token: outcome(claimed[0] as (typeof claimed)[0], "succeed").token, leaseMs: undefined },
  ]);
  expect(extended).toEqual([{ status: "APPLIED", leaseExpireAtMs: START_MS + 3_630_000 }]);
  for (let second = 0; second < 30; second += 2) {
    expect((await tickOf(store)).lost).toEqual([]);
    await at.current.clock.advance(second === 28 ? 1_999 : 2_000);
  }
  await store.extend(QUEUE, [
    { token: outcome(claimed[0] as (typeof claimed)[0], "succeed").token, leaseMs: undefined },
  ]);
  await at.current.clock.advance(1);
  expect((await tickOf(store)).lost.map((lease) => lease.id)).toEqual([b]);
  expect(await message(a)).toMatchObject({ state: "IN_FLIGHT", expiries: 0 });
});

test("the grace of a short lease is that lease", async () => {
  const store = await graceful();
  await send();
  await tickOf(store, 1, 2_000);
  await at.current.clock.advance(60_000);
  expect(await tickOf(store)).toMatchObject({ lost: [], nextLeaseAtMs: START_MS + 62_000 });
  await at.current.clock.advance(2_000);
  expect((await tickOf(store)).lost).toHaveLength(1);
});

test("while a server ticks, leases end in time", async () => {
  const store = await graceful();
  await send();
  await tickOf(store, 1, 10_000);
  for (let turn = 0; turn < 4; turn++) {
    await at.current.clock.advance(2_400);
    expect((await tickOf(store)).lost).toEqual([]);
  }
  await at.current.clock.advance(400);
  expect((await tickOf(store)).lost).toHaveLength(1);
});

test.each([2_600, 10_000, 61_000])(
  "a lease gets one grace, also with a tick every %i ms",
  async (everyMs) => {
    const store = await graceful();
    await send();
    await tickOf(store, 1, 30_000);
    let heldMs = 0;
    let lost = 0;
    while (lost === 0 && heldMs < 3_600_000) {
      await at.current.clock.advance(everyMs);
      heldMs += everyMs;
      lost = (await tickOf(store)).lost.length;
    }
    // The lease, the grace, and the tick that comes late after each.
    expect(heldMs).toBeLessThanOrEqual(30_000 + 30_000 + 2 * everyMs);
  },
);

test("an extended lease gets its own grace", async () => {
  const store = await graceful();
  await send();
  const { claimed } = await tickOf(store, 1, 10_000);
  await at.current.clock.advance(60_000);
  expect(await tickOf(store)).toMatchObject({ lost: [], nextLeaseAtMs: START_MS + 70_000 });
  const { token } = outcome(only(claimed), "succeed");
  await store.extend(QUEUE, [{ token, leaseMs: undefined }]);
  await at.current.clock.advance(60_000);
  expect(await tickOf(store)).toMatchObject({ lost: [], nextLeaseAtMs: START_MS + 130_000 });
  await at.current.clock.advance(60_000);
  expect((await tickOf(store)).lost).toHaveLength(1);
});

test("a silence without leases is no outage", async () => {
  const store = await graceful();
  await send();
  await tickOf(store, 1, 1_000);
  await at.current.clock.advance(1_000);
  expect((await tickOf(store)).lost).toHaveLength(1);
  await at.current.clock.advance(3_600_000);
  expect((await tickOf(store, 1, 1_000)).claimed).toHaveLength(1);
  await at.current.clock.advance(1_000);
  expect((await tickOf(store)).lost).toHaveLength(1);
});
