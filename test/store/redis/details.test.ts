import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { NO_DELIVERY_SETTINGS } from "../../../src/core/delivery-settings.ts";
import { formatMessageId } from "../../../src/core/message-id.ts";
import type { SendItem } from "../../../src/store/contract.ts";
import { BREAKER } from "../../support/key-queue-steps.ts";
import { START_MS, useTestStore } from "../../support/store.ts";
import {
  bytes,
  item,
  NO_REQUEST,
  only,
  outcome,
  SETTINGS,
  session,
  sessionId,
  storedId,
  text,
  toRetry,
} from "../../support/store-items.ts";

const at = useTestStore();
const QUEUE = "orders";
const LEASE_MS = 30_000;

const send = async (over: Partial<SendItem> = {}) =>
  storedId(only(await at.current.store.send(QUEUE, [item(over)], SETTINGS)));
const claim = async () => only((await at.current.tick(QUEUE, [session(1)])).claimed);
const detailsOf = async (id: Uint8Array) => {
  const [details] = await at.current.store.messageReads.details(QUEUE, [id]);
  if (details === undefined) throw new Error("there is no such message");
  return details;
};

test("a message that waits: its times, its content, and how often it has failed", async () => {
  const id = await send({ delayMs: 5_000, ttlMs: 60_000, retrySettings: bytes("retry") });
  const { envelope, retrySettings, ...facts } = await detailsOf(id);
  expect(facts).toEqual({
    state: "SCHEDULED",
    quarantineReason: undefined,
    reason: "TIMEOUT",
    isolated: false,
    ...{ attempts: 0, deliveries: 0, releases: 0, leaseExpiries: 0, unknownOutcomes: 0 },
    failureCount: 1,
    group: "",
    bytes: 8,
    priority: 0,
    sinceMs: START_MS,
    dueAtMs: START_MS + 5_000,
    expireAtMs: START_MS + 60_000,
    ...{ leaseExpireAtMs: undefined, workerId: undefined, streamEnded: false },
    ...{ poisoned: false, ttlMs: 60_000, roundStartedAtMs: undefined, lastDelayMs: 0, moves: 0 },
    ...{ movesTo: undefined, edits: undefined },
    ...{ laterFailures: [], events: [] },
  });
  expect([text(envelope), text(retrySettings)]).toEqual(["envelope", "retry"]);
});

test("a message that a worker holds: since when, until when, and by which worker", async () => {
  const { store, clock } = at.current;
  const id = await send();
  const record = {
    ...{ sessionId: formatMessageId(sessionId(1)), queues: [QUEUE], maxInFlight: 1 },
    workerId: "worker\n7",
  };
  await store.signOfLife();
  await store.registerSession(record);
  await clock.advance(1_000);
  await claim();
  expect(await detailsOf(id)).toMatchObject({
    ...{ state: "IN_FLIGHT", deliveries: 1, workerId: "worker\n7", streamEnded: false },
    ...{ sinceMs: START_MS + 1_000, leaseExpireAtMs: START_MS + 1_000 + LEASE_MS },
  });
  await store.unregisterSession(record, true);
  expect(await detailsOf(id)).toMatchObject({
    ...{ state: "IN_FLIGHT", workerId: "worker\n7", streamEnded: true },
  });
});

test("each failure after the first, oldest first, and what ended without an outcome", async () => {
  const { store, clock } = at.current;
  const id = await send();
  for (const failure of ["second", "third"]) {
    const over = { failure: bytes(failure), delayMs: 0 };
    await store.settle(QUEUE, NO_REQUEST, [outcome(await claim(), "failReschedule", over)]);
  }
  for (let n = 0; n < 2; n++) {
    await claim();
    await clock.advance(LEASE_MS);
    await at.current.tick(QUEUE);
  }
  const details = await detailsOf(id);
  expect(details).toMatchObject({
    ...{ attempts: 2, deliveries: 4, leaseExpiries: 2, unknownOutcomes: 2, failureCount: 3 },
    isolated: true,
  });
  expect(details.laterFailures.map(({ failure }) => text(failure))).toEqual(["second", "third"]);
});

test("an attempt that failed: when, how long, by which worker, and what was decided", async () => {
  const { store, clock } = at.current;
  const record = {
    ...{ sessionId: formatMessageId(sessionId(1)), queues: [QUEUE], maxInFlight: 1 },
    workerId: "billing-1",
  };
  const id = await send();
  await store.signOfLife();
  await store.registerSession(record);
  const fail = async (over: object, passMs = 0) => {
    const claimed = await claim();
    await clock.advance(passMs);
    if (passMs > LEASE_MS) await at.current.tick(QUEUE);
    const failed = { failure: bytes("no"), delayMs: 0, ...over };
    await store.settle(QUEUE, NO_REQUEST, [outcome(claimed, "failReschedule", failed)]);
  };
  await fail({ decision: "again at once" }, 2_000);
  await fail({ decision: "é".repeat(200) });
  await fail({}, LEASE_MS + 1);
  await store.unregisterSession(record, true);
  await fail({});
  const attempts = (await detailsOf(id)).laterFailures.map(({ attempt }) => attempt);
  const known = { exempt: false, workerId: "billing-1", server: "node-1" };
  expect(attempts).toMatchObject([
    {
      ...{ ...known, delivery: 1, decision: "again at once" },
      ...{ startedAtMs: START_MS, endedAtMs: START_MS + 2_000 },
    },
    { ...known, delivery: 2, decision: "é".repeat(127) },
    { delivery: 3, startedAtMs: undefined, workerId: undefined, server: undefined, decision: "" },
    { delivery: 4, startedAtMs: START_MS + 2_000 + LEASE_MS + 1, workerId: undefined },
  ]);
});

test("a failure that joined a message has a time and no delivery", async () => {
  await send({ dedupKey: "k" });
  await at.current.clock.advance(1_000);
  const joined = item({ dedupKey: "k", failure: bytes("again") });
  const reply = only(await at.current.store.send(QUEUE, [joined], SETTINGS));
  const { laterFailures } = await detailsOf(storedId(reply));
  expect(laterFailures.map(({ attempt }) => attempt?.delivery)).toEqual([undefined]);
});

test("a failure that does not count says so", async () => {
  const breaker = { ...BREAKER, minimumVolume: 1 };
  at.current.deliverySettings = { ...NO_DELIVERY_SETTINGS, breaker };
  const id = await send();
  await send();
  const claimed = (await at.current.tick(QUEUE, [session(1)])).claimed;
  for (const one of claimed) {
    const over = { failure: bytes("no"), countsForBreaker: true, delayMs: 0 };
    await at.current.store.settle(QUEUE, NO_REQUEST, [outcome(one, "failReschedule", over)]);
  }
  const exempt = await Promise.all(
    claimed.map(async (one) => (await detailsOf(one.id)).laterFailures[0]?.attempt?.exempt),
  );
  expect(exempt).toEqual([false, true]);
  expect(claimed.map(({ id: own }) => own)).toContainEqual(id);
});

test("failures that an earlier version stored are read without their attempts", async () => {
  const id = await send();
  const claimed = await claim();
  const over = { failure: bytes("newer"), delayMs: 0 };
  await at.current.store.settle(QUEUE, NO_REQUEST, [outcome(claimed, "failReschedule", over)]);
  const key = at.current.key(QUEUE, ":failures:0");
  const field = Buffer.from(id);
  const newer = (await at.current.redis.hgetBuffer(key, field)) ?? Buffer.alloc(0);
  const older = Buffer.from("\0\0\0\x05older");
  await at.current.redis.hset(key, field, Buffer.concat([older, newer]));
  const { laterFailures } = await detailsOf(id);
  expect(laterFailures.map(({ failure, attempt }) => [text(failure), attempt?.delivery])).toEqual([
    ["older", undefined],
    ["newer", 1],
  ]);
});

test("a list without the history has the latest failure only, and no timeline", async () => {
  const id = await send();
  for (const failure of ["second", "third"]) {
    const over = { failure: bytes(failure), delayMs: 0, decision: `after ${failure}` };
    await at.current.store.settle(QUEUE, NO_REQUEST, [
      outcome(await claim(), "failReschedule", over),
    ]);
  }
  const over = { quarantineReason: "WORKER_REQUEST", note: "no" } as const;
  await at.current.store.settle(QUEUE, NO_REQUEST, [outcome(await claim(), "quarantine", over)]);
  const { laterFailures, events, ...rest } = await detailsOf(id);
  expect([laterFailures.length, events.length]).toEqual([2, 1]);
  const listed = await at.current.store.messageReads.listed(QUEUE, [id], false);
  expect(listed).toEqual([{ ...rest, laterFailures: laterFailures.slice(-1), events: [] }]);
  const whole = await at.current.store.messageReads.listed(QUEUE, [id], true);
  expect(whole).toEqual([{ ...rest, laterFailures, events }]);
});

test("a list has as many messages as fit into the given reply, but one at least", async () => {
  const ids = [];
  for (let n = 0; n < 3; n++) ids.push(await send({ envelope: randomBytes(10_000) }));
  const { messageReads } = at.current.store;
  for (const [replyBytes, count] of [
    [1_000, 1],
    [25_000, 2],
    [undefined, 3],
  ] as const) {
    expect(await messageReads.listed(QUEUE, ids, false, replyBytes)).toHaveLength(count);
  }
});

test("a message in quarantine, and its edits", async () => {
  const id = await send({ quarantineReason: "POISON" });
  await at.current.clock.advance(9_000);
  expect(await detailsOf(id)).toMatchObject({
    ...{ state: "QUARANTINED", quarantineReason: "POISON", sinceMs: START_MS },
  });
  const contents = await at.current.store.messages.contents(QUEUE, NO_REQUEST, [id]);
  const version = "retriedCount" in contents ? 0 : (contents[0]?.version ?? 0);
  const write = { edits: bytes("edits"), payloadBytes: 5, grown: 5 };
  await at.current.store.messages.retry(QUEUE, NO_REQUEST, [{ kind: "edit", id, version, write }]);
  const { edits, ...edited } = await detailsOf(id);
  expect(edited).toMatchObject({ state: "SCHEDULED", sinceMs: START_MS + 9_000, bytes: 13 });
  expect(text(edits)).toBe("edits");
});

test("a message that a rule moves says where to", async () => {
  const id = await send();
  const ifRefused = { delayMs: 1_000 };
  const move = { target: "elsewhere", ifRefused };
  await at.current.store.settle(QUEUE, NO_REQUEST, [outcome(await claim(), "failMove", { move })]);
  expect(await detailsOf(id)).toMatchObject({ state: "SCHEDULED", movesTo: "elsewhere" });
});

test("a message that is gone has no details, and neither has one of another queue", async () => {
  const id = await send();
  const { store } = at.current;
  expect(await store.messageReads.details("other", [id])).toEqual([undefined]);
  await store.messages.retry(QUEUE, NO_REQUEST, toRetry([id]));
  await store.settle(QUEUE, NO_REQUEST, [outcome(await claim(), "succeed")]);
  expect(await store.messageReads.details(QUEUE, [id])).toEqual([undefined]);
});
