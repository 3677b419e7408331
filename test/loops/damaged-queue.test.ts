// A queue whose data is damaged must not hold up what else a worker or a server does.

import { afterEach, expect, test } from "vitest";
import { createAck } from "../../src/app/ack.ts";
import type { OutcomeCommand } from "../../src/app/commands.ts";
import { reconcile } from "../../src/app/delivery/reconcile.ts";
import { Session } from "../../src/app/delivery/session.ts";
import { SessionRegistry } from "../../src/app/delivery/session-registry.ts";
import { createExtend } from "../../src/app/extend.ts";
import type { LeaseTokenParts } from "../../src/core/lease-token.ts";
import type { DueDelivery } from "../../src/core/message.ts";
import { formatMessageId } from "../../src/core/message-id.ts";
import { DEFAULT_QUEUE_SETTINGS } from "../../src/core/settings.ts";
import { NO_METRICS } from "../../src/observe/metrics.ts";
import { QUEUE_KEYS } from "../../src/store/redis/keys.ts";
import { startNode } from "../support/delivery.ts";
import { until, useTestStore } from "../support/store.ts";
import {
  session as credit,
  item,
  only,
  SETTINGS,
  sessionId,
  tokenOf,
} from "../support/store-items.ts";

const at = useTestStore();
const cleanUp: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const undo of cleanUp.splice(0).reverse()) await undo();
});

/**
 * Gives a key of a queue the wrong type. `session`: the key is of this session. Returns what repairs it. The queue is gone
 * after the test.
 */
async function damage(
  queue: string,
  key: string,
  session: Uint8Array = new Uint8Array(),
): Promise<() => Promise<unknown>> {
  const { redis } = at.current;
  const whole = Buffer.concat([Buffer.from(at.current.key(queue, key)), session]);
  const kept = at.current.key(queue, ":kept");
  if ((await redis.exists(whole)) > 0) await redis.rename(whole, kept);
  await redis.set(whole, "of the wrong type");
  cleanUp.push(async () => redis.del(...(await redis.keys(at.current.key(queue, ":*")))));
  return () => redis.rename(kept, whole);
}

/** Claims one message of each queue for session 1. Returns their tokens. */
async function claim(queues: readonly string[]): Promise<LeaseTokenParts[]> {
  const tokens: LeaseTokenParts[] = [];
  for (const queue of queues) {
    await at.current.store.send(queue, [item()], SETTINGS);
    const { claimed } = await at.current.tick(queue, [credit(1)]);
    tokens.push(tokenOf(only(claimed)));
  }
  return tokens;
}

function startAck() {
  const { store, clock } = at.current;
  const silent = { isLevelEnabled: () => false, debug() {}, info() {}, warn() {} };
  return createAck({
    ...{ store, random: () => 0.5, now: () => clock.nowMs, observer: NO_METRICS, log: silent },
    settingsOf: () => DEFAULT_QUEUE_SETTINGS,
    registry: new SessionRegistry(store.hints),
  });
}

const succeeded = (token: LeaseTokenParts): OutcomeCommand => ({ kind: "succeeded", token });
const statuses = (results: readonly { status: string }[]) => results.map(({ status }) => status);

test("a worker that comes back gets messages of its other queues", async () => {
  const store = at.current.openStore({ clock: "store" });
  await until("the connection", () => store.ready || undefined);
  for (const queue of ["damaged", "sound"]) await store.send(queue, [item()], SETTINGS);
  await damage("damaged", QUEUE_KEYS.session, sessionId(1));
  const node = startNode(store);
  cleanUp.push(() => node.stop());
  const got: DueDelivery[] = [];
  const queues = ["damaged", "sound"];
  const resumeSessionId = formatMessageId(sessionId(1));
  cleanUp.push(node.work({ queues, resumeSessionId }, (delivery) => got.push(delivery)));
  await until("the message", () => got.length > 0 || undefined);
  expect(got).toMatchObject([{ queue: "sound" }]);
});

test("room of leases that ended elsewhere is found in the other queues", async () => {
  const { store } = at.current;
  for (const queue of ["damaged", "sound"]) await store.send(queue, [item()], SETTINGS);
  const session = new Session({
    ...{ idText: formatMessageId(sessionId(1)), id: sessionId(1), workerId: "w" },
    ...{ queues: ["damaged", "sound"], maxInFlight: 10, maxInFlightBytes: 1 << 20 },
    leaseMs: undefined,
  });
  const lease = { deliveryNumber: 1, nonce: new Uint8Array(8), bytes: 1, isolated: false };
  for (const queue of ["damaged", "sound"]) session.resume(queue, [{ ...lease, id: sessionId(2) }]);
  await damage("damaged", QUEUE_KEYS.session, sessionId(1));
  await reconcile(store, session);
  expect(session.held).toBe(1);
});

test("a stream is a worker of its other queues, and its entries are removed", async () => {
  const { store } = at.current;
  const queues = ["a", "damaged", "z"];
  for (const queue of queues) await store.send(queue, [item()], SETTINGS);
  await damage("damaged", QUEUE_KEYS.workers);
  const record = {
    sessionId: formatMessageId(sessionId(1)),
    workerId: "w",
    queues,
    maxInFlight: 1,
  };
  const workers = async () => (await store.sizes(["a", "z"])).map((sizes) => sizes?.workers);
  await store.signOfLife();
  await store.registerSession(record);
  expect(await workers()).toEqual([1, 1]);
  await store.unregisterSession(record, false);
  expect(await workers()).toEqual([0, 0]);
});

test("outcomes of other queues are applied, and those of the damaged queue once it is repaired", async () => {
  const ack = startAck();
  const outcomes = (await claim(["damaged", "sound"])).map(succeeded);
  const repair = await damage("damaged", QUEUE_KEYS.counters);
  const first = await ack("request", outcomes);
  expect(statuses(first)).toEqual(["INTERNAL", "APPLIED"]);
  expect(first[0]).toMatchObject({ state: undefined, error: { kind: "INTERNAL" } });
  expect(statuses(await ack("request", outcomes))).toEqual(["INTERNAL", "APPLIED"]);
  await repair();
  expect(statuses(await ack("request", outcomes))).toEqual(["APPLIED", "APPLIED"]);
  expect(await at.current.store.sizes(["damaged", "sound"])).toMatchObject([
    { messages: 0 },
    { messages: 0 },
  ]);
});

test("an outcome of a repaired queue counts in a call of its own", async () => {
  const ack = startAck();
  const outcomes = (await claim(["damaged", "sound"])).map(succeeded);
  const repair = await damage("damaged", QUEUE_KEYS.counters);
  await ack("first", outcomes);
  await repair();
  expect(statuses(await ack("second", outcomes.slice(0, 1)))).toEqual(["APPLIED"]);
});

test("a release in a damaged queue does not hold up outcomes of others", async () => {
  const ack = startAck();
  const [damaged, sound] = (await claim(["damaged", "sound"])) as [
    LeaseTokenParts,
    LeaseTokenParts,
  ];
  await damage("damaged", QUEUE_KEYS.due);
  const released = [damaged, sound].map(
    (token): OutcomeCommand => ({ kind: "released", token, delayMs: undefined }),
  );
  expect(statuses(await ack("", released))).toEqual(["INTERNAL", "APPLIED"]);
});

test("an Ack fails if no outcome has a result", async () => {
  const ack = startAck();
  const outcomes = (await claim(["damaged", "broken"])).map(succeeded);
  for (const queue of ["damaged", "broken"]) await damage(queue, QUEUE_KEYS.counters);
  await expect(ack("", outcomes)).rejects.toMatchObject({ kind: "INTERNAL" });
  const invalid: OutcomeCommand = { kind: "invalid", detail: "has no result" };
  expect(statuses(await ack("", [...outcomes, invalid]))).toEqual([
    "INTERNAL",
    "INTERNAL",
    "INVALID",
  ]);
});

test("leases of other queues are extended by their tokens", async () => {
  const extend = createExtend(at.current);
  const tokens = await claim(["damaged", "sound"]);
  const repair = await damage("damaged", QUEUE_KEYS.leases);
  const extended = await extend({ tokens, leaseMs: 60_000 });
  expect(statuses(extended)).toEqual(["INTERNAL", "APPLIED"]);
  expect(extended[0]).toMatchObject({ token: tokens[0], shouldStop: false });
  await expect(extend({ tokens: tokens.slice(0, 1), leaseMs: 60_000 })).rejects.toMatchObject({
    kind: "INTERNAL",
  });
  await repair();
  expect(statuses(await extend({ tokens, leaseMs: 60_000 }))).toEqual(["APPLIED", "APPLIED"]);
});

test("leases of other queues are extended by their session", async () => {
  const { store } = at.current;
  const extend = createExtend({ store });
  const queues = ["damaged", "sound"];
  const [, sound] = await claim(queues);
  const id = formatMessageId(sessionId(1));
  await store.signOfLife();
  await store.registerSession({ sessionId: id, workerId: "w", queues, maxInFlight: 1 });
  await damage("damaged", QUEUE_KEYS.session, sessionId(1));
  expect(await extend({ sessionId: id, leaseMs: 60_000 })).toMatchObject([
    { token: sound, status: "APPLIED" },
  ]);
  await damage("sound", QUEUE_KEYS.session, sessionId(1));
  await expect(extend({ sessionId: id, leaseMs: 60_000 })).rejects.toMatchObject({
    kind: "INTERNAL",
  });
});
