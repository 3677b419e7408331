import { expect, test } from "vitest";
import { UNBLOCKED } from "../../../src/core/delivery-status.ts";
import type { Claimed, SessionCredit } from "../../../src/store/contract.ts";
import { START_MS, useTestStore } from "../../support/store.ts";
import { bytes, hex, item, SETTINGS, session, storedId, text } from "../../support/store-items.ts";

const at = useTestStore();
const QUEUE = "orders";

async function seed(sizes: readonly number[]): Promise<string[]> {
  const items = sizes.map((size) => item({ envelope: bytes("x".repeat(size)) }));
  return (await at.current.store.send(QUEUE, items, SETTINGS)).map((r) => hex(storedId(r)));
}
const ten = Array.from({ length: 10 }, () => 10);
const tick = (...sessions: SessionCredit[]) => at.current.tick(QUEUE, sessions);

/** Which messages (by arrival) each session got. */
function shares(ids: readonly string[], claimed: readonly Claimed[]): number[][] {
  const result: number[][] = [];
  for (const c of claimed) {
    result[c.session] ??= [];
    result[c.session]?.push(ids.indexOf(hex(c.id)));
  }
  return result;
}

test("a claim has all that a worker needs, and the state names its session", async () => {
  const reply = await at.current.store.send(
    QUEUE,
    [item({ ttlMs: 60_000, envelope: bytes("body") })],
    SETTINGS,
  );
  const one = session(1);
  await at.current.clock.advance(250);
  const { claimed, ...rest } = await tick(one);
  expect(claimed.map((c) => ({ ...c, envelope: text(c.envelope) }))).toEqual([
    {
      queue: QUEUE,
      session: 0,
      isolated: false,
      id: storedId(reply[0]),
      nonce: one.nonce,
      deliveryNumber: 1,
      attempts: 0,
      reason: "TIMEOUT",
      failureCount: 1,
      outcomeUnknown: false,
      createdAtMs: START_MS,
      dueAtMs: START_MS,
      expireAtMs: START_MS + 60_000,
      leaseExpireAtMs: START_MS + 250 + 30_000,
      bytes: 4,
      envelope: "body",
      latestFailure: undefined,
    },
  ]);
  expect(rest).toEqual({
    nowMs: START_MS + 250,
    deleting: false,
    lost: [],
    ended: [],
    nextDueAtMs: undefined,
    nextIsolatedAtMs: undefined,
    nextLeaseAtMs: START_MS + 250 + 30_000,
    nextEndAtMs: START_MS + 60_000,
    tendAtMs: START_MS + 250 + 30_000,
    leasesOut: 1,
    headTooLarge: false,
    deliveryStatus: UNBLOCKED,
  });
  const dump = await at.current.dump(QUEUE);
  expect([...dump.messages.values()]).toMatchObject([
    {
      state: "IN_FLIGHT",
      deliveryNumber: 1,
      nonce: hex(one.nonce),
      session: hex(one.sessionId),
      leaseMs: 30_000,
      sinceMs: START_MS + 250,
    },
  ]);
  expect(dump.counters).toMatchObject({ deliveries: 1, "c:2:3:0": 1 });
  expect(dump.changes.map((record) => record.kind)).toEqual(["sent", "claimed"]);
});

test("what is not due is not claimed, and the tick says when it will be", async () => {
  await at.current.store.send(QUEUE, [item({ delayMs: 1_000 })], SETTINGS);
  expect(await tick(session(1))).toMatchObject({ claimed: [], nextDueAtMs: START_MS + 1_000 });
  await at.current.clock.advance(999);
  expect((await tick(session(1))).claimed).toEqual([]);
  await at.current.clock.advance(1);
  expect((await tick(session(1))).claimed).toHaveLength(1);
});

test("messages go out in the order of their due times", async () => {
  const items = [300, 100, 200].map((delayMs) => item({ delayMs }));
  const ids = (await at.current.store.send(QUEUE, items, SETTINGS)).map((r) => hex(storedId(r)));
  await at.current.clock.advance(300);
  expect(shares(ids, (await tick(session(1))).claimed)).toEqual([[1, 2, 0]]);
});

test("sessions take turns, each to its room", async () => {
  const ids = await seed(ten);
  const sessions = [session(1, { count: 1 }), session(2, { count: 4 }), session(3, { count: 3 })];
  const { claimed, nextDueAtMs } = await tick(...sessions);
  expect(shares(ids, claimed)).toEqual([[0], [1, 3, 5, 7], [2, 4, 6]]);
  expect(nextDueAtMs).toBe(START_MS);
});

test("nothing is claimed without a session, or for one without room", async () => {
  await seed([10]);
  expect((await tick()).claimed).toEqual([]);
  expect((await tick(session(1, { count: 0 }))).claimed).toEqual([]);
});

test("the bytes of a session are its limit", async () => {
  const ids = await seed([40, 40, 40, 10]);
  const { claimed } = await tick(session(1, { bytes: 100 }));
  expect(shares(ids, claimed)).toEqual([[0, 1]]);
});

test("a message larger than the bytes of a session goes alone to an empty session", async () => {
  const ids = await seed([500, 10]);
  const busy = session(1, { bytes: 100, canIsolate: false });
  expect((await tick(busy)).claimed).toEqual([]);
  const { claimed } = await tick(busy, session(2, { bytes: 100 }));
  expect(shares(ids, claimed)).toEqual([[1], [0]]);
});

test("one reply stays within its bytes, save a single larger message", async () => {
  const ids = await seed([2 << 20, 2 << 20, 10]);
  expect(shares(ids, (await tick(session(1))).claimed)).toEqual([[0, 1]]);
  expect(shares(ids, (await tick(session(2))).claimed)).toEqual([[2]]);
});

test("one tick hands out a bounded number and says that there are more", async () => {
  await seed(Array.from({ length: 250 }, () => 10));
  const first = await tick(session(1, { count: 10_000 }));
  expect(first.claimed).toHaveLength(200);
  expect(first.nextDueAtMs).toBe(START_MS);
  expect((await tick(session(1, { count: 10_000 }))).claimed).toHaveLength(50);
});

test("a tick that finds nothing to do writes nothing", async () => {
  const { redis, server } = at.current;
  await at.current.store.send(QUEUE, [item({ delayMs: 60_000 })], SETTINGS);
  const offset = async () => /master_repl_offset:(\d+)/.exec(await redis.info("replication"))?.[1];
  const changes = async () =>
    /rdb_changes_since_last_save:(\d+)/.exec(await server.cli("INFO"))?.[1];
  const before = [await offset(), await changes()];
  await tick(session(1));
  expect([await offset(), await changes()]).toEqual(before);
});

test.each(["due", "isolated", "leases", "quarantine", "expiry", "moving"])(
  "an entry of %s without a message is removed, counted, and stops no other message",
  async (index) => {
    const { redis } = at.current;
    const ids = await seed([10]);
    const lone = Buffer.from(ids[0] as string, "hex");
    // Another id, whatever the random bits of this one are.
    lone.writeUInt8(lone.readUInt8(15) ^ 0xff, 15);
    await redis.zadd(at.current.key(QUEUE, `:${index}`), START_MS - 1, lone);
    if (index === "moving") await redis.hset(at.current.key(QUEUE, ":meta"), "moves", "1");
    const reply = await at.current.tick(QUEUE, [session(1)], { quarantineRetentionMs: 1 });
    expect(shares(ids, reply.claimed)).toEqual([[0]]);
    expect((await at.current.dump(QUEUE)).counters).toMatchObject({ healed: 1 });
  },
);
