import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, expect, onTestFinished, test } from "vitest";
import { DlqError } from "../../../src/core/errors.ts";
import { Connection } from "../../../src/store/redis/connection.ts";
import { partitionKeys } from "../../../src/store/redis/keys.ts";
import { partitionOf } from "../../../src/store/redis/partitions.ts";
import { closeRedis, createRedis } from "../../../src/store/redis/redis-client.ts";
import type { RedisStore } from "../../../src/store/redis/redis-store.ts";
import { startTestRedis, type TestRedis } from "../../support/redis.ts";
import { START_MS, TestStore, until } from "../../support/store.ts";
import { bytes, item, NO_REQUEST, SETTINGS } from "../../support/store-items.ts";

const QUEUE = "orders";
/** The default: on a busy machine a call that works may take a second. */
const DEADLINE_MS = 2_000;
/** How much later than its deadline a call may end on a busy machine. */
const SLACK_MS = 20_000;

let redis: TestRedis;
let at: TestStore;
let store: RedisStore;
beforeEach(async () => {
  redis = await startTestRedis();
  at = new TestStore(redis, "dlq");
  await at.clock.set(START_MS);
  store = at.openStore({ timeoutMs: DEADLINE_MS });
  await until("the connection", () => store.ready || undefined);
  await store.send(QUEUE, [item()], SETTINGS);
});
afterEach(async () => {
  redis.resume();
  await at.close();
  await redis.stop();
});

const tick = (claimNumber: number) =>
  store.tick(QUEUE, {
    claimNumber,
    sessions: [],
    settings: { ttlAction: "quarantine", quarantineRetentionMs: 0 },
  });

/** Each kind of call, at once. */
const calls = (): Promise<unknown>[] => [
  ...Array.from({ length: 20 }, (_, n) =>
    store.send(QUEUE, [item({ envelope: bytes(`${n}`) })], SETTINGS),
  ),
  tick(1),
  store.settle(QUEUE, bytes("request"), []),
  store.examine(QUEUE, NO_REQUEST, []),
  store.extend(QUEUE, []),
  store.abandon(QUEUE, 0, []),
  store.leases(QUEUE, new Uint8Array(16)),
  store.messages.retry(QUEUE, NO_REQUEST, []),
  store.stats([QUEUE]),
  store.queues(),
  store.signOfLife(),
];

/** How calls ended: kinds of errors, and how long the slowest took. */
async function endings(start: () => readonly Promise<unknown>[]) {
  const began = performance.now();
  const settled = await Promise.allSettled(start());
  const kinds = settled.map((end) =>
    end.status === "fulfilled" ? "ok" : end.reason instanceof DlqError ? end.reason.kind : "other",
  );
  return { kinds: new Set(kinds), ms: performance.now() - began };
}

const accepted = async () => (await at.dump(QUEUE)).counters.accepted;
const backAgain = () =>
  until("the store to work again", () => store.stats([QUEUE]).catch(() => undefined));

test("a killed Redis: every call settles by its deadline as unavailable", async () => {
  const pending = calls();
  const ended = endings(() => pending);
  await redis.kill9();
  const { kinds, ms } = await ended;
  expect([...kinds].filter((kind) => kind !== "ok")).toEqual(["STORE_UNAVAILABLE"]);
  expect(ms).toBeLessThan(DEADLINE_MS + SLACK_MS);
  // During the outage calls fail at once.
  const outage = await endings(() => calls());
  expect(outage.kinds).toEqual(new Set(["STORE_UNAVAILABLE"]));
  expect(outage.ms).toBeLessThan(DEADLINE_MS);
});

test("acknowledged messages survive a kill", async () => {
  let acknowledged = 1;
  const sending = Promise.allSettled(
    Array.from({ length: 2_000 }, async () => {
      await store.send(QUEUE, [item()], SETTINGS);
      acknowledged++;
    }),
  );
  await until("some to be acknowledged", () => acknowledged > 200 || undefined);
  await redis.kill9();
  await sending;
  await redis.restart();
  await backAgain();
  expect(acknowledged).toBeLessThan(2_001);
  expect(await accepted()).toBeGreaterThanOrEqual(acknowledged);
  expect(await accepted()).toBeLessThanOrEqual(2_001);
  await at.checkInvariants(QUEUE);
});

test("a Redis that hangs: calls give up at their deadline, and later ones at once", async () => {
  redis.pause();
  const first = await endings(() => calls());
  expect(first.kinds).toEqual(new Set(["STORE_UNAVAILABLE"]));
  // The timeout of the socket may have begun before the calls.
  expect(first.ms).toBeGreaterThan(DEADLINE_MS / 2);
  expect(first.ms).toBeLessThan(DEADLINE_MS + SLACK_MS);
  redis.resume();
  await backAgain();
});

test("nothing is sent again after a reconnect", async () => {
  const lost = new Promise<void>((resolve) => store.onLost(resolve));
  redis.pause();
  const { kinds } = await endings(() => calls());
  expect(kinds).toEqual(new Set(["STORE_UNAVAILABLE"]));
  // Redis wakes up and reads what was sent before its socket was lost. A second send would be visible.
  await lost;
  redis.resume();
  await backAgain();
  await store.send("other", [item()], SETTINGS);
  expect(await accepted()).toBeLessThanOrEqual(21);
});

test("acks are tried even while the circuit breaker is open; it closes soon after", async () => {
  await redis.kill9();
  for (let n = 0; n < 60; n++) await tick(n).catch(() => {});
  await redis.restart();
  await until("an ack", () => store.settle(QUEUE, NO_REQUEST, []).catch(() => undefined));
  await until("a tick", () => tick(100).catch(() => undefined));
});

test("a defect in the data of one queue is an internal error and does not stop others", async () => {
  await at.redis.del(at.key("broken", ":due"));
  await at.redis.set(at.key("broken", ":due"), "not a sorted set");
  for (let n = 0; n < 40; n++) {
    await expect(store.send("broken", [item()], SETTINGS)).rejects.toMatchObject({
      kind: "INTERNAL",
    });
  }
  expect(await store.send(QUEUE, [item()], SETTINGS)).toHaveLength(1);
});

test("an error of a key with the wrong type names the key", async () => {
  const list = partitionKeys(at.prefix, partitionOf("broken")).queues;
  await at.redis.set(list, "no list of queues");
  const causeOf = (call: Promise<unknown>) => call.then(String, ({ cause }) => cause.message);
  expect(await causeOf(store.queues())).toContain(`, key ${list}`);
  await at.redis.del(list);
  await at.redis.set(at.key("broken", ":due"), "not a sorted set");
  const base = at.key("broken", "");
  expect(await causeOf(store.send("broken", [item()], SETTINGS))).toContain(`, key ${base}`);
});

test("scripts that Redis has forgotten are sent again, also by many calls at once", async () => {
  for (let round = 0; round < 3; round++) {
    await at.redis.script("FLUSH");
    const { kinds } = await endings(() => calls());
    expect(kinds).toEqual(new Set(["ok"]));
  }
  expect(await accepted()).toBe(61);
});

test("hints come again after Redis was restarted", async () => {
  const received: string[] = [];
  let reconnects = 0;
  const other = at.openStore();
  other.hints.onWake((queue) => received.push(queue));
  other.hints.onReconnect(() => reconnects++);
  await until("the first subscription", () => reconnects === 1 || undefined);
  await redis.restart();
  await until("the second subscription", () => reconnects === 2 || undefined);
  await backAgain();
  await store.send("woken", [item()], SETTINGS);
  await until("the hint", () => received.includes("woken") || undefined);
});

/** A call to a Redis that hangs never ends by itself. */
const CLOSES_WITHIN_MS = 20_000;
/** By its own estimate Redis would be asked again much later. */
const FOUND_WITHIN_MS = 8_000;

test.each(["down", "hung", "up"])("close ends while Redis is %s", async (how) => {
  const closing = at.openStore();
  await until("the connection", () => closing.ready || undefined);
  const lost = new Promise<void>((resolve) => closing.onLost(resolve));
  if (how === "down") {
    await redis.kill9();
    await lost;
  }
  if (how === "hung") redis.pause();
  const began = performance.now();
  await closing.close();
  expect(performance.now() - began).toBeLessThan(CLOSES_WITHIN_MS);
  await expect(closing.queues()).rejects.toMatchObject({ kind: "STORE_UNAVAILABLE" });
});

test("a Redis that has loaded its data is found at once, whatever time it estimated", async () => {
  const loading = await startTestRedis({ args: ["--key-load-delay", "100"] });
  onTestFinished(() => loading.stop());
  // Loads for about a second, and answers after every 1,024 keys.
  await loading.cli("EVAL", "for n = 1, 10000 do redis.call('SET', n, n) end", "0");
  const ready = loading.restart();
  const pid = await until("the pid of the Redis that loads", async () => {
    const info = await loading.cli("INFO").catch(() => "");
    return info.includes("loading:1") ? Number(/process_id:(\d+)/.exec(info)?.[1]) : undefined;
  });
  // It estimates by the time passed: a pause at the beginning makes the estimate long.
  process.kill(pid, "SIGSTOP");
  const later = createRedis({ kind: "socket", path: loading.socketPath }, "test", 2_000);
  onTestFinished(() => closeRedis(later));
  // Redis counts in whole seconds.
  await delay(2_500);
  process.kill(pid, "SIGCONT");
  await ready;
  const began = performance.now();
  await until("the connection", () => later.status === "ready" || undefined);
  expect(performance.now() - began).toBeLessThan(FOUND_WITHIN_MS);
});

test("the problem of an embedded Redis that is down names the log that says why", async () => {
  const target = { kind: "socket", path: "/tmp/dlq-no-such-folder/redis.sock" } as const;
  const connection = new Connection({ target, timeoutMs: DEADLINE_MS });
  onTestFinished(() => connection.close());
  await until("an error", () => connection.problem?.includes("ENOENT") || undefined);
  expect(connection.problem).toBe("Redis does not answer (ENOENT); see the log of the server");
});
