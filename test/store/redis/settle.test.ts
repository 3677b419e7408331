import { beforeEach, expect, test } from "vitest";
import type { Claimed, SettleItem } from "../../../src/store/contract.ts";
import { START_MS, useTestStore } from "../../support/store.ts";
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
  tokenOf,
  toRetry,
} from "../../support/store-items.ts";

const at = useTestStore();
const QUEUE = "orders";
const CREATED_AGO_MS = 700;
const HELD_MS = 500;

let claimed: Claimed;
beforeEach(async () => {
  await at.current.store.send(QUEUE, [item({ ttlMs: 86_400_000 })], SETTINGS);
  await at.current.clock.advance(CREATED_AGO_MS - HELD_MS);
  claimed = only((await at.current.tick(QUEUE, [session(1)])).claimed);
  await at.current.clock.advance(HELD_MS);
});

const NOW_MS = START_MS + CREATED_AGO_MS;
const settle = async (...items: SettleItem[]) =>
  only((await at.current.store.settle(QUEUE, NO_REQUEST, items))?.results);
const message = async () => (await at.current.dump(QUEUE)).messages.get(hex(claimed.id));

test.each([
  ["succeed", "SUCCEEDED", undefined, "succeeded"],
  ["discard", "DISCARDED", undefined, "discarded"],
  ["quarantine", "QUARANTINED", "WORKER_REQUEST", undefined],
  ["failReschedule", "SCHEDULED", undefined, "failed_attempts"],
  ["failQuarantine", "QUARANTINED", "RETRIES_EXHAUSTED", "failed_attempts"],
  ["release", "SCHEDULED", undefined, "released"],
  ["return", "SCHEDULED", undefined, "returned"],
] as const)("%s: %s", async (kind, state, quarantineReason, counter) => {
  const dueAtMs = kind === "return" ? START_MS : state === "SCHEDULED" ? NOW_MS + 1_000 : undefined;
  expect(await settle(outcome(claimed, kind))).toEqual({
    status: "APPLIED",
    state,
    quarantineReason,
    dueAtMs,
    sessionId: sessionId(1),
    heldMs: HELD_MS,
    ageMs: CREATED_AGO_MS,
  });
  const dump = await at.current.dump(QUEUE);
  const gone = state === "SUCCEEDED" || state === "DISCARDED";
  const failed = kind === "failReschedule" || kind === "failQuarantine";
  if (gone) {
    expect(dump.messages.size).toBe(0);
  } else {
    expect(await message()).toMatchObject({
      state,
      quarantineReason,
      attempts: failed ? 1 : 0,
      releases: kind === "release" ? 1 : 0,
      failures: failed ? 2 : 1,
      history: failed ? ["attempt failed"] : [],
      reason: failed ? "NETWORK_ERROR" : "TIMEOUT",
      nonce: "",
      session: "",
    });
  }
  expect(dump.sessions).toEqual({});
  if (counter !== undefined) expect(dump.counters[counter]).toBe(1);
  // The same token again changes nothing.
  const again = await settle(outcome(claimed, "succeed"));
  expect(again).toMatchObject({ status: gone ? "NOT_FOUND" : "LEASE_LOST" });
});

test("each outcome leaves one change in the outbox, with its note", async () => {
  await settle(outcome(claimed, "quarantine", { note: "looks odd" }));
  const { changes } = await at.current.dump(QUEUE);
  expect(changes.map((record) => [record.kind, record.note])).toEqual([
    ["sent", ""],
    ["claimed", ""],
    ["quarantined", "looks odd"],
  ]);
});

test("releases count in a row, until an attempt fails", async () => {
  const releases: (number | undefined)[] = [];
  for (const kind of ["release", "release", "failReschedule", "release"] as const) {
    await settle(outcome(claimed, kind));
    releases.push((await message())?.releases);
    await at.current.clock.advance(1_000);
    claimed = only((await at.current.tick(QUEUE, [session(1)])).claimed);
  }
  expect(releases).toEqual([1, 2, 0, 1]);
});

test("a returned message keeps its place before later ones", async () => {
  await at.current.store.send(QUEUE, [item()], SETTINGS);
  await settle(outcome(claimed, "return"));
  const next = (await at.current.tick(QUEUE, [session(1)])).claimed;
  expect(next.map((c) => hex(c.id))[0]).toBe(hex(claimed.id));
});

test("a failure without a reason keeps the message's own", async () => {
  const { reason: _, failure: __, ...bare } = outcome(claimed, "failReschedule");
  await settle(bare);
  expect(await message()).toMatchObject({ reason: "TIMEOUT", attempts: 1 });
});

async function expireLease() {
  await at.current.clock.advance(30_000);
  await at.current.tick(QUEUE);
}

test.each(["succeed", "failReschedule", "quarantine", "release", "return"] as const)(
  "a late %s applies if nobody claimed the message since",
  async (kind) => {
    await expireLease();
    expect(await message()).toMatchObject({ state: "SCHEDULED", unknown: 1, expiries: 1 });
    expect(await settle(outcome(claimed, kind))).toMatchObject({
      status: "APPLIED",
      // The lease has expired: its session has that room again already.
      sessionId: undefined,
      heldMs: 0,
    });
    const after = await message();
    if (kind !== "succeed") expect(after?.unknown).toBe(0);
    if (kind === "return") expect(after?.expiries).toBe(0);
  },
);

test("a late outcome changes nothing if the message was claimed since", async () => {
  await expireLease();
  const second = only((await at.current.tick(QUEUE, [session(2)])).claimed);
  const before = await at.current.dump(QUEUE);
  expect(await settle(outcome(claimed, "succeed"))).toMatchObject({
    status: "LEASE_LOST",
    state: "IN_FLIGHT",
    sessionId: undefined,
  });
  expect(await at.current.dump(QUEUE)).toEqual(before);
  expect(await settle(outcome(second, "succeed"))).toMatchObject({ status: "APPLIED" });
});

test("a late success removes a message that was quarantined as a crash loop", async () => {
  for (let n = 0; n < 4; n++) {
    await expireLease();
    claimed = only((await at.current.tick(QUEUE, [session(1)])).claimed);
  }
  await expireLease();
  expect(await message()).toMatchObject({ quarantineReason: "CRASH_LOOP" });
  expect(await settle(outcome(claimed, "succeed"))).toMatchObject({ state: "SUCCEEDED" });
});

test("a late return undoes the expiry that led to isolated delivery", async () => {
  await expireLease();
  claimed = only((await at.current.tick(QUEUE, [session(1)])).claimed);
  await expireLease();
  expect(await message()).toMatchObject({ isolated: true });
  await settle(outcome(claimed, "return"));
  expect(await message()).toMatchObject({ isolated: false, expiries: 1 });
});

test("a retry from quarantine invalidates old tokens", async () => {
  await settle(outcome(claimed, "quarantine"));
  await at.current.store.messages.retry(QUEUE, NO_REQUEST, toRetry([claimed.id]));
  expect(await settle(outcome(claimed, "succeed"))).toMatchObject({ status: "LEASE_LOST" });
});

test.each([
  ["nonce", { nonce: new Uint8Array(16) }, "LEASE_LOST"],
  ["no nonce", { nonce: new Uint8Array() }, "LEASE_LOST"],
  ["delivery number", { deliveryNumber: 2 }, "LEASE_LOST"],
  ["id", { messageId: new Uint8Array(16) }, "NOT_FOUND"],
  ["id of all ones", { messageId: new Uint8Array(16).fill(255) }, "NOT_FOUND"],
])("a token with a forged %s changes nothing", async (_, forged, status) => {
  const before = await at.current.dump(QUEUE);
  const token = { ...tokenOf(claimed), ...forged };
  expect(await settle({ token, kind: "succeed" })).toMatchObject({ status });
  expect(await at.current.store.extend(QUEUE, [{ token, leaseMs: 1 }])).toMatchObject([{ status }]);
  expect(await at.current.store.examine(QUEUE, NO_REQUEST, [token])).toMatchObject([{ status }]);
  expect(await at.current.dump(QUEUE)).toEqual(before);
});

test("a message that was never leased has no token, not even an empty one", async () => {
  const id = storedId((await at.current.store.send(QUEUE, [item()], SETTINGS))[0]);
  const token = { queue: QUEUE, messageId: id, deliveryNumber: 0, nonce: new Uint8Array() };
  expect(await settle({ token, kind: "succeed" })).toMatchObject({ status: "LEASE_LOST" });
});

test("a token of another queue finds nothing", async () => {
  await at.current.store.send("other", [item()], SETTINGS);
  const reply = await at.current.store.settle("other", NO_REQUEST, [outcome(claimed, "succeed")]);
  expect(only(reply?.results)).toMatchObject({ status: "NOT_FOUND" });
});

test("two outcomes for one token in a call: the first one counts", async () => {
  const items = [outcome(claimed, "failReschedule"), outcome(claimed, "succeed")];
  const reply = await at.current.store.settle(QUEUE, NO_REQUEST, items);
  expect(reply?.results.map((result) => result.status)).toEqual(["APPLIED", "LEASE_LOST"]);
});

async function version() {
  const examined = await at.current.store.examine(QUEUE, NO_REQUEST, [tokenOf(claimed)]);
  return (examined as { version: number }[])[0]?.version ?? -1;
}

test("examine returns what a verdict depends on", async () => {
  const retrySettings = bytes("own settings");
  await at.current.store.send("q", [item({ retrySettings, reason: "WEBHOOK_FAILED" })], SETTINGS);
  const other = only((await at.current.tick("q", [session(1)])).claimed);
  expect(await at.current.store.examine("q", NO_REQUEST, [tokenOf(other)])).toEqual([
    {
      status: "APPLIED",
      version: 2,
      attempts: 0,
      releases: 0,
      reason: "WEBHOOK_FAILED",
      poisoned: false,
      retrySettings,
      priority: 0,
      hops: 0,
    },
  ]);
});

test("an outcome decided on an older version writes nothing at all", async () => {
  const decidedOn = await version();
  await at.current.store.send(QUEUE, [item()], SETTINGS);
  const other = only((await at.current.tick(QUEUE, [session(1)])).claimed);
  await at.current.store.extend(QUEUE, [{ token: tokenOf(claimed), leaseMs: 45_000 }]);
  const before = await at.current.dump(QUEUE);
  const items = [
    outcome(other, "succeed"),
    outcome(claimed, "failReschedule", { version: decidedOn }),
  ];
  expect(await at.current.store.settle(QUEUE, bytes("r"), items)).toBeUndefined();
  expect(await at.current.dump(QUEUE)).toEqual(before);
  const now = await version();
  const again = [items[0], { ...items[1], version: now }] as SettleItem[];
  expect((await at.current.store.settle(QUEUE, bytes("r"), again))?.results).toHaveLength(2);
});

test("an extension by the same lease is no new version: it disturbs no verdict", async () => {
  const decidedOn = await version();
  await at.current.store.extend(QUEUE, [{ token: tokenOf(claimed), leaseMs: 30_000 }]);
  expect(await version()).toBe(decidedOn);
});

test("a lost lease does not affect the other outcomes of its call", async () => {
  const lost = { ...outcome(claimed, "succeed"), version: 999 };
  lost.token = { ...lost.token, nonce: new Uint8Array(16) };
  const reply = await at.current.store.settle(QUEUE, NO_REQUEST, [
    lost,
    outcome(claimed, "succeed", { version: await version() }),
  ]);
  expect(reply?.results.map((result) => result.status)).toEqual(["LEASE_LOST", "APPLIED"]);
});

test("a repeated request is answered as before, by examine and by settle", async () => {
  const { store, clock } = at.current;
  const request = bytes("request");
  const items = [outcome(claimed, "failReschedule", { version: await version() })];
  const first = await store.settle(QUEUE, request, items);
  await clock.advance(9 * 60_000);
  const before = await at.current.dump(QUEUE);
  expect(first?.repeated).toBe(false);
  const again = { ...first, repeated: true };
  expect(await store.settle(QUEUE, request, items)).toEqual(again);
  expect(await store.examine(QUEUE, request, [tokenOf(claimed)])).toEqual(again);
  expect(await at.current.dump(QUEUE)).toEqual(before);
});

test("requests of different verbs never answer each other", async () => {
  const { store } = at.current;
  const { createHash } = await import("node:crypto");
  await store.send(QUEUE, [item({ requestId: "same" })], SETTINGS);
  const request = createHash("sha256").update("same").digest().subarray(0, 16);
  expect(await store.messages.retry(QUEUE, request, toRetry([new Uint8Array(16)]))).toMatchObject({
    refused: [{ refusal: "NOT_FOUND" }],
  });
  const reply = await store.settle(QUEUE, request, [outcome(claimed, "succeed")]);
  expect(only(reply?.results)).toMatchObject({ status: "APPLIED", state: "SUCCEEDED" });
});

test("ages are not negative when the clock jumps back", async () => {
  await at.current.clock.set(START_MS - 3_600_000);
  expect(await settle(outcome(claimed, "succeed"))).toMatchObject({ heldMs: 0, ageMs: 0 });
});
