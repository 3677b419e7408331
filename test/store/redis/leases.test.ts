import { beforeEach, expect, test } from "vitest";
import type { Claimed, SessionCredit } from "../../../src/store/contract.ts";
import { START_MS, until, useTestStore } from "../../support/store.ts";
import {
  hex,
  item,
  NO_REQUEST,
  only,
  outcome,
  SETTINGS,
  session,
  sessionId,
  tokenOf,
} from "../../support/store-items.ts";

const at = useTestStore();
const QUEUE = "orders";

let one: SessionCredit;
let claimed: readonly Claimed[];
let claimNumber = 0;
beforeEach(async () => {
  const items = Array.from({ length: 3 }, () => item());
  await at.current.store.send(QUEUE, items, SETTINGS);
  one = session(1, { count: 2 });
  claimed = (await tick(++claimNumber, one)).claimed;
});

/** A tick with a given claim number. */
function tick(n: number, ...sessions: SessionCredit[]) {
  return at.current.store.tick(QUEUE, {
    claimNumber: n,
    sessions,
    settings: { ttlAction: "quarantine", quarantineRetentionMs: 0 },
  });
}
const first = () => claimed[0] as Claimed;
const message = async (id: Uint8Array) => (await at.current.dump(QUEUE)).messages.get(hex(id));

test("extend moves the end of a lease to one lease from now", async () => {
  const { store, clock } = at.current;
  await clock.advance(10_000);
  const token = tokenOf(first());
  expect(await store.extend(QUEUE, [{ token, leaseMs: undefined }])).toEqual([
    { status: "APPLIED", leaseExpireAtMs: START_MS + 40_000 },
  ]);
  expect(await store.extend(QUEUE, [{ token, leaseMs: 60_000 }])).toEqual([
    { status: "APPLIED", leaseExpireAtMs: START_MS + 70_000 },
  ]);
  expect(await message(first().id)).toMatchObject({ leaseMs: 60_000, state: "IN_FLIGHT" });
  await clock.advance(59_999);
  expect((await tick(++claimNumber)).lost.map((lost) => hex(lost.id))).toEqual([
    hex((claimed[1] as Claimed).id),
  ]);
});

test("extend never extends an expired lease", async () => {
  const { store, clock } = at.current;
  await clock.advance(30_000);
  await tick(++claimNumber);
  const before = await at.current.dump(QUEUE);
  const token = tokenOf(first());
  expect(await store.extend(QUEUE, [{ token, leaseMs: 60_000 }])).toEqual([
    { status: "LEASE_LOST", leaseExpireAtMs: undefined },
  ]);
  expect(await at.current.dump(QUEUE)).toEqual(before);
});

test("extend answers each token by itself", async () => {
  const { store } = at.current;
  await store.settle(QUEUE, NO_REQUEST, [outcome(first(), "succeed")]);
  const items = claimed.map((c) => ({ token: tokenOf(c), leaseMs: undefined }));
  expect((await store.extend(QUEUE, items)).map((reply) => reply.status)).toEqual([
    "NOT_FOUND",
    "APPLIED",
  ]);
});

test("leases lists the leases of one session only", async () => {
  const { store } = at.current;
  const held = await store.leases(QUEUE, sessionId(1));
  // In no order.
  expect(held).toHaveLength(claimed.length);
  for (const { id } of claimed) {
    expect(held).toContainEqual({
      id,
      deliveryNumber: 1,
      nonce: one.nonce,
      bytes: 8,
      isolated: false,
    });
  }
  expect(await store.leases(QUEUE, sessionId(2))).toEqual([]);
  await store.settle(QUEUE, NO_REQUEST, [outcome(first(), "release")]);
  expect(await store.leases(QUEUE, sessionId(1))).toHaveLength(1);
});

test("abandon gives back only the messages of that claim, uncounted", async () => {
  const { store } = at.current;
  const later = session(1, { count: 1 });
  const third = only((await tick(++claimNumber, later)).claimed);
  await store.abandon(QUEUE, claimNumber, [later]);
  const held = await store.leases(QUEUE, sessionId(1));
  expect(held).toHaveLength(2);
  expect(held).not.toContainEqual(expect.objectContaining({ id: third.id }));
  expect(await message(third.id)).toMatchObject({
    state: "SCHEDULED",
    attempts: 0,
    expiries: 0,
    releases: 0,
    unknown: 0,
    nonce: "",
    dueAtMs: START_MS,
  });
  const lost = await store.settle(QUEUE, NO_REQUEST, [outcome(third, "succeed")]);
  expect(only(lost?.results).status).toBe("LEASE_LOST");
});

test("abandon may be repeated, and run after the message was claimed again", async () => {
  const { store } = at.current;
  await store.abandon(QUEUE, claimNumber, [one]);
  const again = (await tick(++claimNumber, session(2))).claimed;
  expect(again).toHaveLength(3);
  const before = await at.current.dump(QUEUE);
  await store.abandon(QUEUE, claimNumber - 1, [one]);
  expect(await at.current.dump(QUEUE)).toEqual(before);
});

test("a tick that was abandoned before it ran claims nothing", async () => {
  const { store, clock } = at.current;
  const givenUp = ++claimNumber;
  const late = session(2);
  await store.abandon(QUEUE, givenUp, [late]);
  await clock.advance(30_000);
  const reply = await tick(givenUp, late);
  expect(reply.claimed).toEqual([]);
  expect(reply.lost).toHaveLength(2);
  expect((await tick(givenUp - 1, late)).claimed).toEqual([]);
  expect((await tick(++claimNumber, session(2))).claimed).toHaveLength(3);
});

test("a fence stops only its own process, not another one of the same name", async () => {
  const { store } = at.current;
  await store.abandon(QUEUE, 1_000_000, [session(9)]);
  const restarted = at.current.openStore({ nodeId: "node-1" });
  await until("the connection", () => restarted.ready || undefined);
  const { claimed: taken } = await restarted.tick(QUEUE, {
    claimNumber: 1,
    sessions: [session(3)],
    settings: { ttlAction: "quarantine", quarantineRetentionMs: 0 },
  });
  expect(taken).toHaveLength(1);
});

test("fences do not stay for ever", async () => {
  const { store, clock, redis } = at.current;
  await store.abandon(QUEUE, 1, [session(9)]);
  await clock.advance(24 * 3_600_000);
  const keys = await redis.keys(`${at.current.prefix}:*`);
  expect(keys.filter((key) => key.includes("fence"))).toEqual([]);
});
