import { beforeEach, expect, test } from "vitest";
import { createAck } from "../../src/app/ack.ts";
import type { SendCommand } from "../../src/app/commands.ts";
import { SessionRegistry } from "../../src/app/delivery/session-registry.ts";
import { createRetry } from "../../src/app/retry.ts";
import { createSend } from "../../src/app/send.ts";
import { createStats } from "../../src/app/stats.ts";
import { NO_DELIVERY_SETTINGS } from "../../src/core/delivery-settings.ts";
import type { PolicyOverride } from "../../src/core/policy-override.ts";
import { DEFAULT_QUEUE_SETTINGS, type QueueSettings } from "../../src/core/settings.ts";
import type { RetryWindow } from "../../src/core/windows.ts";
import { reportTick } from "../../src/loops/report.ts";
import { NO_METRICS } from "../../src/observe/metrics.ts";
import type { Claimed } from "../../src/store/contract.ts";
import { QUEUE_KEYS } from "../../src/store/redis/keys.ts";
import { factsWith } from "../rules/facts.ts";
import { tokenOf } from "../support/delivery.ts";
import { BREAKER } from "../support/key-queue-steps.ts";
import { useTestStore } from "../support/store.ts";
import { item, NO_REQUEST, outcome, SETTINGS, session } from "../support/store-items.ts";

const at = useTestStore();
let lines: { message: string; facts: Record<string, unknown> }[];
const write = (facts: object, message: string) => lines.push({ message, facts: { ...facts } });
const log = { isLevelEnabled: () => true, debug: write, info: write, warn: write };
beforeEach(() => {
  lines = [];
});

const command: SendCommand = {
  requestId: "",
  queue: "orders",
  payloadBytes: 0,
  encodeEnvelope: () => new Uint8Array(8),
  failure: {
    reason: undefined,
    type: "TimeoutError",
    message: "",
    stackTrace: "",
    fingerprint: "",
    grpcCode: undefined,
    httpStatus: undefined,
    attributes: {},
    encode: () => new Uint8Array(8),
  },
  sourceId: "order-42",
  dedupKey: "",
  payloadHash: new Uint8Array(16),
  priority: 0,
  orderingKey: "",
  attribute: () => undefined,
  payload: () => undefined,
  ruleFacts: () => factsWith().message,
  delayMs: undefined,
  dueAtMs: undefined,
  ttlMs: undefined,
  retry: {},
};

test("each send is logged in one line with decision and reason", async () => {
  const send = createSend({
    store: at.current.store,
    settingsOf: () => DEFAULT_QUEUE_SETTINGS,
    random: () => 0.5,
    now: Date.now,
    observer: NO_METRICS,
    log,
    onDeleting() {},
  });
  for (let time = 1; time <= 5; time++) await send([command]);
  expect(lines).toHaveLength(5);
  expect(lines[0]).toMatchObject({
    message: "accepted",
    facts: { reason: "TIMEOUT", why: "first delay from preset network" },
  });
  expect(lines[4]).toMatchObject({
    message: "quarantined",
    facts: {
      quarantineReason: "POISON",
      why: expect.stringContaining("source_id"),
      failure: { type: expect.any(String), message: expect.any(String) },
    },
  });
  // The message says it.
  for (const { facts } of lines) expect(facts).not.toHaveProperty("joined");
});

/** Sends on the store's own clock. */
async function sendNow(changes: Partial<SendCommand>, retryPolicy?: PolicyOverride) {
  const nowMs = at.current.clock.nowMs;
  const send = createSend({
    store: at.current.store,
    settingsOf: () => DEFAULT_QUEUE_SETTINGS,
    random: () => 0.5,
    now: () => nowMs,
    observer: NO_METRICS,
    onDeleting() {},
    log,
  });
  const [result] = await send([{ ...command, retry: { policy: retryPolicy }, ...changes }]);
  if (result === undefined || result instanceof Error)
    throw new Error("not sent", { cause: result });
  return { nowMs, ...result };
}

/** A window of one hour, `hours` after this time, in UTC. */
function windowAfter(nowMs: number, hours: number): RetryWindow {
  const hour = new Date(nowMs + hours * 3_600_000).getUTCHours();
  return { timeZone: "UTC", startMinute: hour * 60, endMinute: hour * 60 + 60, days: [] };
}

test("a send waits for the window of its policy, whether it has a delay, a due time or neither", async () => {
  const now = at.current.clock.nowMs;
  const window = windowAfter(now, 3);
  const openAtMs = (Math.floor(now / 3_600_000) + 3) * 3_600_000;
  const policy = { windows: [window] };
  for (const when of [{}, { delayMs: 60_000 }, { dueAtMs: now + 60_000 }, { dueAtMs: 1 }]) {
    expect((await sendNow({ ...when, sourceId: "" }, policy)).dueAtMs).toBe(openAtMs);
  }
  const inside = openAtMs + 1_800_001;
  expect((await sendNow({ dueAtMs: inside, sourceId: "" }, policy)).dueAtMs).toBe(inside);
});

test("the first delay of a send is at least its failure's retry_after", async () => {
  const failure = { ...command.failure, retryAfterText: "90" };
  const { dueAtMs, nowMs } = await sendNow({ failure });
  expect(dueAtMs).toBe(nowMs + 90_000);
  expect(lines[0]?.facts.why).toBe("delay set by the failed call");
  const explicit = await sendNow({ failure, delayMs: 7 });
  expect(explicit.dueAtMs).toBe(explicit.nowMs + 7);
});

test("a failed attempt respects windows, retry_after and max_elapsed", async () => {
  const { store, clock } = at.current;
  const retryPolicy = {
    maxRetries: 9,
    initialDelayMs: 1_000,
    backoff: "fixed",
    jitter: "none",
  } as const;
  await sendNow({}, { ...retryPolicy, maxElapsedMs: 60_000 });
  const ack = createAck({
    store,
    settingsOf: () => DEFAULT_QUEUE_SETTINGS,
    random: () => 0.5,
    now: () => clock.nowMs,
    observer: NO_METRICS,
    log,
    registry: new SessionRegistry(store.hints),
  });
  await clock.advance(1_000);
  const failOnce = async (retryAfterText: string | undefined) => {
    const { claimed } = await at.current.tick("orders", [session(1)]);
    const failure = { ...command.failure, retryAfterText };
    const [first] = claimed;
    if (first === undefined) throw new Error("nothing was due");
    const word = { failure, retryAfterMs: undefined, nonRetryable: false };
    const [result] = await ack("", [{ kind: "failed", token: tokenOf(first), ...word }]);
    return result;
  };
  expect(await failOnce("30")).toMatchObject({ state: "SCHEDULED", dueAtMs: clock.nowMs + 30_000 });
  await clock.advance(30_000);
  expect(await failOnce("30")).toMatchObject({
    state: "QUARANTINED",
    quarantineReason: "RETRIES_EXHAUSTED",
  });
  expect(lines.at(-1)?.facts.why).toContain("max_elapsed is 60 s");
});

test("a changed policy keeps due times and applies to the next failure", async () => {
  const { store, clock } = at.current;
  const { dueAtMs } = await sendNow({ sourceId: "" }, { initialDelayMs: 60_000, jitter: "none" });
  expect(dueAtMs).toBe(clock.nowMs + 60_000);
  let settings: QueueSettings = DEFAULT_QUEUE_SETTINGS;
  const ack = createAck({
    store,
    settingsOf: () => settings,
    random: () => 0.5,
    now: () => clock.nowMs,
    observer: NO_METRICS,
    log,
    registry: new SessionRegistry(store.hints),
  });
  settings = { ...settings, maxRetries: 2, nonRetryableReasons: ["VALIDATION_FAILED"] };
  expect((await at.current.tick("orders", [session(1)])).nextDueAtMs).toBe(dueAtMs);
  await clock.advance(60_000);
  const failOnce = async () => {
    const { claimed } = await at.current.tick("orders", [session(1)]);
    const [first] = claimed;
    if (first === undefined) throw new Error("nothing was due");
    const word = { failure: command.failure, retryAfterMs: 0, nonRetryable: false };
    const [result] = await ack("", [{ kind: "failed", token: tokenOf(first), ...word }]);
    return result;
  };
  expect(await failOnce()).toMatchObject({ state: "SCHEDULED" });
  // Also for a message that was scheduled under the second policy.
  settings = { ...settings, maxRetries: 9, nonRetryableReasons: ["TIMEOUT"] };
  expect(await failOnce()).toMatchObject({ quarantineReason: "NON_RETRYABLE" });
});

test("a Retry is logged with its counts and what remains, a dry run not at all", async () => {
  const { store } = at.current;
  const settingsOf = () => DEFAULT_QUEUE_SETTINGS;
  const retry = createRetry({ store, settingsOf, now: Date.now, log });
  const poison = Array.from({ length: 3 }, () => item({ quarantineReason: "POISON" }));
  await store.send("orders", poison, SETTINGS);
  const filter = { states: [], reasons: [], quarantineReasons: [] };
  const by = { filter, expectedCount: 3, pageSize: 2 };
  const all = { requestId: "", queue: "orders", by };
  const tried = await retry({ ...all, dryRun: true });
  expect(tried).toMatchObject({ retriedCount: 2, rest: { remaining: 1 } });
  const { rest } = await retry(all);
  await retry({ ...all, by: { ...by, from: rest } });
  const facts = { queue: "orders", refused: 0, transforms: 0 };
  expect(lines).toEqual([
    { message: "retried", facts: { ...facts, retried: 2, remaining: 1 } },
    { message: "retried", facts: { ...facts, retried: 1 } },
  ]);
});

test("a send without a retry keeps its due time when it joins a message", async () => {
  const { clock } = at.current;
  const joined = { dedupKey: "k", sourceId: "" };
  await sendNow({ ...joined, delayMs: 0 });
  await at.current.tick("orders", [session(1)]);
  await sendNow({ ...joined, dueAtMs: clock.nowMs + 4_000, retry: { maxRetries: 0 } });
  const [message] = (await at.current.dump("orders")).messages.values();
  expect(message?.dueAtMs).toBe(clock.nowMs + 4_000);
});

test("each delivery that ends is counted once, also the last one of a crash loop", async () => {
  const { store } = at.current;
  await store.send("orders", [item()], SETTINGS);
  const counted: string[] = [];
  const observer = { ...NO_METRICS, attempt: (_: string, status: string) => counted.push(status) };
  const parts = { registry: new SessionRegistry(store.hints), observer, log, onDeleting() {} };
  for (let turn = 0; turn < 6; turn++) {
    reportTick(parts, "orders", await at.current.tick("orders", [session(1, { leaseMs: 1_000 })]));
    await at.current.clock.advance(1_000);
  }
  expect(counted).toEqual(["expired", "expired", "expired", "expired", "quarantined"]);
});

test("Stats has no store time without queues", async () => {
  const stats = createStats({
    store: at.current.store,
    settingsOf: () => DEFAULT_QUEUE_SETTINGS,
  });
  expect(await stats([])).toEqual({ nowMs: undefined, queues: [] });
});

test("Stats says of a queue that its data is damaged, and the rest of the others", async () => {
  const { store, redis } = at.current;
  const names = ["a", "b", "c"];
  for (const name of names) await store.send(name, [item()], SETTINGS);
  const key = at.current.key("b", QUEUE_KEYS.due);
  await redis.rename(key, "aside");
  await redis.set(key, "no sorted set");
  const settingsOf = () => DEFAULT_QUEUE_SETTINGS;
  const { nowMs, queues } = await createStats({ store, settingsOf })(names);
  expect(nowMs).toBe(at.current.clock.nowMs);
  const [a, b, c] = queues;
  expect([a, c]).toMatchObject([{ scheduled: 1 }, { scheduled: 1 }]);
  expect(b).toEqual({
    ...{ queue: "b", damaged: true },
    conditions: [{ code: "DAMAGED", message: expect.stringContaining("WRONGTYPE") }],
  });
  await expect(store.stats(names)).rejects.toMatchObject({ kind: "INTERNAL" });
  // A foreign key under the name of a queue that does not exist.
  await redis.set(at.current.key("gone", QUEUE_KEYS.workers), "no hash");
  expect(await store.stats(["gone", "never"])).toMatchObject([{ workers: 0 }, { workers: 0 }]);
  await redis.del(at.current.key("gone", QUEUE_KEYS.workers));
  await redis.rename("aside", key);
});

test("a breaker that was removed from the settings is not reported", async () => {
  const { store } = at.current;
  at.current.deliverySettings = {
    ...NO_DELIVERY_SETTINGS,
    breaker: { ...BREAKER, minimumVolume: 1 },
  };
  await store.send("orders", [item()], SETTINGS);
  const [claimed] = (await at.current.tick("orders", [session(1)])).claimed;
  const over = { delayMs: 0, countsForBreaker: true };
  await store.settle("orders", NO_REQUEST, [outcome(claimed as Claimed, "failReschedule", over)]);
  const reported = async (breaker: QueueSettings["breaker"]) => {
    const settingsOf = () => ({ ...DEFAULT_QUEUE_SETTINGS, breaker });
    const [queue] = (await createStats({ store, settingsOf })(["orders"])).queues;
    if (queue === undefined || "damaged" in queue) return [];
    return [queue.breaker.state, queue.openBreakers, queue.conditions[0]?.code];
  };
  expect(await reported("queue")).toEqual(["OPEN", 1, "BREAKER_OPEN"]);
  expect(await reported("off")).toEqual(["CLOSED", 0, "NO_WORKERS"]);
});
