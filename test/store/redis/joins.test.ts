import { beforeEach, expect, test } from "vitest";
import type { SendItem } from "../../../src/store/contract.ts";
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
  storedId,
} from "../../support/store-items.ts";

const at = useTestStore();
const QUEUE = "orders";

const keyed = (over: Partial<SendItem> = {}) =>
  item({ dedupKey: "k", failure: bytes("again"), reason: "WEBHOOK_FAILED", ...over });

async function send(over: Partial<SendItem> = {}, settings = SETTINGS) {
  return only(await at.current.store.send(QUEUE, [keyed(over)], settings));
}

/** The queue's only message. */
async function message() {
  const { messages } = await at.current.dump(QUEUE);
  return only([...messages.values()]);
}

let first: Uint8Array;
beforeEach(async () => {
  first = storedId(await send({ reason: "TIMEOUT", delayMs: 5_000 }));
});

const claim = async () => only((await at.current.tick(QUEUE, [session(1)])).claimed);
const settle = (...items: ReturnType<typeof outcome>[]) =>
  at.current.store.settle(QUEUE, NO_REQUEST, items);

test("SCHEDULED: the failure is appended, the due time stays", async () => {
  const reply = await send({ delayMs: 60_000 });
  expect(reply).toMatchObject({
    joined: true,
    id: first,
    state: "SCHEDULED",
    reason: "WEBHOOK_FAILED",
    dueAtMs: START_MS + 5_000,
  });
  expect(await message()).toMatchObject({ failures: 2, history: ["again"], attempts: 0 });
  const { counters, changes } = await at.current.dump(QUEUE);
  expect(counters).toMatchObject({ accepted: 1, joined: 1, "c:1:6:0": 1 });
  expect(changes.map((record) => record.kind)).toEqual(["sent", "joined"]);
});

test("two of one batch join each other", async () => {
  const items = [keyed({ dedupKey: "n" }), keyed({ dedupKey: "n" })];
  const [a, b] = await at.current.store.send(QUEUE, items, SETTINGS);
  expect(b).toMatchObject({ joined: true, id: storedId(a) });
});

test.each([
  ["in the future", 9_000, 9_000],
  ["in the past", -9_000, 0],
])("IN_FLIGHT: a due time %s counts as a delay does", async (_, dueInMs, afterMs) => {
  await at.current.clock.advance(5_000);
  const claimed = await claim();
  const { nowMs } = at.current.clock;
  await send({ delayMs: 60_000, dueAtMs: nowMs + dueInMs });
  await settle(outcome(claimed, "succeed"));
  expect(await message()).toMatchObject({ state: "SCHEDULED", dueAtMs: nowMs + afterMs });
});

test("IN_FLIGHT: the message reschedules even if the running attempt succeeds", async () => {
  await at.current.clock.advance(5_000);
  const claimed = await claim();
  expect(await send({ delayMs: 7_000 })).toMatchObject({ joined: true, state: "IN_FLIGHT" });
  const reply = await settle(outcome(claimed, "succeed"));
  expect(only(reply?.results)).toMatchObject({ status: "APPLIED", state: "SCHEDULED" });
  expect(await message()).toMatchObject({
    state: "SCHEDULED",
    rejoined: false,
    dueAtMs: START_MS + 12_000,
    reason: "WEBHOOK_FAILED",
  });
  const { counters } = await at.current.dump(QUEUE);
  expect(counters.succeeded ?? 0).toBe(0);

  // No failure has joined since: the message is done.
  await at.current.clock.advance(7_000);
  const second = only((await settle(outcome(await claim(), "succeed")))?.results);
  expect(second.state).toBe("SUCCEEDED");
});

test("IN_FLIGHT, then the attempt fails: one message, three failures", async () => {
  await at.current.clock.advance(5_000);
  const claimed = await claim();
  await send();
  await settle(outcome(claimed, "failReschedule"));
  expect(await message()).toMatchObject({
    state: "SCHEDULED",
    rejoined: false,
    attempts: 1,
    failures: 3,
    history: ["again", "attempt failed"],
  });
});

test("IN_FLIGHT, then the lease expires, then a success comes late: it stays", async () => {
  await at.current.clock.advance(5_000);
  const claimed = await claim();
  await send();
  await at.current.clock.advance(30_000);
  await at.current.tick(QUEUE);
  const reply = await settle(outcome(claimed, "succeed"));
  expect(only(reply?.results)).toMatchObject({ status: "APPLIED", state: "SCHEDULED" });
});

test("IN_FLIGHT, then the lease expires, and the next attempt knew of it: its success counts", async () => {
  await at.current.clock.advance(5_000);
  await claim();
  await send();
  await at.current.clock.advance(30_000);
  await at.current.tick(QUEUE);
  const reply = await settle(outcome(await claim(), "succeed"));
  expect(only(reply?.results)).toMatchObject({ status: "APPLIED", state: "SUCCEEDED" });
});

test("a failure that joins after the lease expired keeps the message from a late success", async () => {
  await at.current.clock.advance(5_000);
  const claimed = await claim();
  await at.current.clock.advance(30_000);
  await at.current.tick(QUEUE);
  expect(await send()).toMatchObject({ joined: true, state: "SCHEDULED" });
  const reply = await settle(outcome(claimed, "succeed"));
  expect(only(reply?.results)).toMatchObject({ status: "APPLIED", state: "SCHEDULED" });
});

test("QUARANTINED: appended, and it stays there for the reason it had", async () => {
  await at.current.clock.advance(5_000);
  await settle(outcome(await claim(), "failQuarantine"));
  const reply = await send();
  expect(reply).toMatchObject({
    joined: true,
    state: "QUARANTINED",
    quarantineReason: "RETRIES_EXHAUSTED",
    reason: "WEBHOOK_FAILED",
  });
  expect((await message()).history).toEqual(["attempt failed", "again"]);
});

test("gone: a new message, and the next ones join that one", async () => {
  await at.current.clock.advance(5_000);
  await settle(outcome(await claim(), "succeed"));
  const second = await send();
  expect(second).toMatchObject({ joined: false });
  expect(await send()).toMatchObject({ joined: true, id: storedId(second) });
});

test("another payload under the key: a new message", async () => {
  const reply = await send({ payloadHash: bytes("another payload!") });
  expect(reply).toMatchObject({ joined: false });
  expect(storedId(reply)).not.toEqual(first);
});

test("after the window: a new message; a join does not lengthen it", async () => {
  await at.current.clock.advance(SETTINGS.dedupWindowMs - 10_000);
  expect(await send()).toMatchObject({ joined: true });
  await at.current.clock.advance(10_000);
  expect(await send()).toMatchObject({ joined: false });
});

test("with a window of 0 nothing joins", async () => {
  expect(await send({}, { ...SETTINGS, dedupWindowMs: 0 })).toMatchObject({ joined: false });
});

test("a full queue still takes what joins", async () => {
  expect(await send({}, { ...SETTINGS, maxMessages: 1 })).toMatchObject({ joined: true });
  expect(await send({ dedupKey: "other" }, { ...SETTINGS, maxMessages: 1 })).toMatchObject({
    status: "full",
  });
});

test("joins count towards poison: the message goes from its schedule to quarantine", async () => {
  const settings = { ...SETTINGS, poisonThreshold: 2 };
  await send({ sourceId: "s" }, settings);
  expect(await send({ sourceId: "s" }, settings)).toMatchObject({
    joined: true,
    state: "QUARANTINED",
    quarantineReason: "POISON",
  });
});

test("poison by a join in flight decides at the outcome, success or not", async () => {
  await at.current.clock.advance(5_000);
  const claimed = await claim();
  await send({ sourceId: "s" }, { ...SETTINGS, poisonThreshold: 1 });
  const examined = await at.current.store.examine(QUEUE, NO_REQUEST, [
    { queue: QUEUE, messageId: first, deliveryNumber: 1, nonce: claimed.nonce },
  ]);
  expect(examined).toMatchObject([{ status: "APPLIED", poisoned: true }]);
  const reply = await settle(outcome(claimed, "succeed"));
  expect(only(reply?.results)).toMatchObject({ state: "QUARANTINED", quarantineReason: "POISON" });
  expect(hex(first)).toBe([...(await at.current.dump(QUEUE)).messages.keys()][0]);
});
