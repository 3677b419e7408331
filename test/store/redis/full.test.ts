import { afterEach, beforeEach, expect, test } from "vitest";
import { formatMessageId } from "../../../src/core/message-id.ts";
import type { Claimed } from "../../../src/store/contract.ts";
import { until, useTestStore } from "../../support/store.ts";
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
  tokenOf,
  toRetry,
} from "../../support/store-items.ts";

const at = useTestStore();
const QUEUE = "orders";

/** Less than any Redis uses: every write that needs memory is refused. */
const FULL_BYTES = "1000000";
const setMemory = (max: string) => at.current.redis.config("SET", "maxmemory", max);

let claimed: readonly Claimed[];
let waiting: Uint8Array;
beforeEach(async () => {
  const { store } = at.current;
  await store.send(QUEUE, [item(), item(), item(), item(), item()], SETTINGS);
  claimed = (await at.current.tick(QUEUE, [session(1, { count: 4 })])).claimed;
  const large = item({ envelope: bytes("x".repeat(1_000_000)), delayMs: 60_000 });
  waiting = storedId(only(await store.send(QUEUE, [large], SETTINGS)));
  await setMemory(FULL_BYTES);
});
afterEach(() => setMemory("0"));

const full = {
  detail: { kind: "STORE_FULL" },
  message: expect.stringMatching(
    /^the store is full: Redis has (nearly )?used its maxmemory; process or discard messages, or raise it$/,
  ),
};

test("sends to a full Redis are refused and write nothing", async () => {
  const { store } = at.current;
  const before = await at.current.dump(QUEUE);
  await expect(store.send(QUEUE, [item()], SETTINGS)).rejects.toMatchObject(full);
  await expect(store.send("new-queue", [item()], SETTINGS)).rejects.toMatchObject(full);
  expect(await at.current.dump(QUEUE)).toEqual(before);
  await setMemory("0");
  expect(only(await store.send(QUEUE, [item()], SETTINGS)).status).toBe("stored");
});

test("acks, retries and expiry work when Redis is full", async () => {
  const { store } = at.current;
  const [a, b, c, d] = claimed as [Claimed, Claimed, Claimed, Claimed];
  const reply = await store.settle(QUEUE, bytes("request"), [
    outcome(a, "succeed"),
    outcome(b, "failReschedule"),
    outcome(c, "quarantine"),
  ]);
  expect(reply?.results.map((result) => result.status)).toEqual(["APPLIED", "APPLIED", "APPLIED"]);
  expect(await store.extend(QUEUE, [{ token: tokenOf(d), leaseMs: 60_000 }])).toMatchObject([
    { status: "APPLIED" },
  ]);
  expect(await store.examine(QUEUE, NO_REQUEST, [tokenOf(d)])).toMatchObject([
    { status: "APPLIED" },
  ]);
  expect(await store.messages.retry(QUEUE, bytes("retry"), toRetry([waiting]))).toMatchObject({
    retriedCount: 1,
  });
  const more = await at.current.tick(QUEUE, [session(2)]);
  expect(more.claimed).toHaveLength(2);
  await store.abandon(QUEUE, 0, [
    { sessionId: sessionId(2), nonce: more.claimed[0]?.nonce ?? bytes("") },
  ]);
  expect(only(await store.stats([QUEUE]))).toMatchObject({ scheduled: 3, inFlight: 1 });
});

test("settings of a queue can be changed when Redis is full", async () => {
  const { configs } = at.current.store;
  expect(await configs.replace(QUEUE, undefined, () => bytes("record"))).toBe(true);
  await configs.refresh();
  expect(await configs.replace(QUEUE, configs.get(QUEUE), undefined)).toBe(true);
});

test("a queue can be deleted when Redis is full", async () => {
  const { store } = at.current;
  const outcomes = claimed.map((one) => outcome(one, "release"));
  await store.settle(QUEUE, NO_REQUEST, outcomes);
  expect(await store.deletion.seal(QUEUE, 6)).toMatchObject({ status: "sealed" });
  while ((await store.deletion.purge(QUEUE)) === "removed") {
    // Until none is left.
  }
  await store.deletion.remove(QUEUE);
  expect(await store.queues()).toEqual([]);
});

test("workers can connect, be counted and leave when Redis is full", async () => {
  const { store } = at.current;
  const record = {
    sessionId: formatMessageId(sessionId(3)),
    workerId: "w",
    queues: [QUEUE],
    maxInFlight: 10,
  };
  await store.registerSession(record);
  await store.signOfLife();
  expect(only(await store.stats([QUEUE]))).toMatchObject({ workers: 1 });
  expect(await store.sessionQueues(record.sessionId)).toEqual([QUEUE]);
  await store.unregisterSession(record, false);
  expect(only(await store.stats([QUEUE]))).toMatchObject({ workers: 0 });
});

test("a server starts on a full store and refuses sends until there is room", async () => {
  const fresh = at.current.openStore();
  await until("the connection", () => fresh.ready || undefined);
  await fresh.open();
  await expect(fresh.send(QUEUE, [item()], SETTINGS)).rejects.toMatchObject(full);
  expect((await fresh.stats([QUEUE]))[0]?.inFlight).toBe(4);
  await setMemory("0");
  const stored = await until("sends to be accepted", () =>
    fresh.send(QUEUE, [item()], SETTINGS).catch(() => undefined),
  );
  expect(only(stored).status).toBe("stored");
});

test("sends stop before Redis itself is full, so that acks have room", async () => {
  const info = await at.current.redis.info("memory");
  const used = Number(/used_memory:(\d+)/.exec(info)?.[1]);
  await setMemory(String(Math.round(used * 1.02)));
  const fresh = at.current.openStore();
  await until("the connection", () => fresh.ready || undefined);
  await fresh.open();
  await expect(fresh.send(QUEUE, [item()], SETTINGS)).rejects.toMatchObject(full);
});

test("a nearly full disk refuses only sends", async () => {
  await setMemory("0");
  let low = true;
  const fresh = at.current.openStore({ diskIsLow: () => low });
  await until("the connection", () => fresh.ready || undefined);
  await expect(fresh.send(QUEUE, [item()], SETTINGS)).rejects.toMatchObject({
    ...full,
    message: expect.stringContaining("disk"),
  });
  const [first] = claimed as [Claimed];
  expect(await fresh.settle(QUEUE, NO_REQUEST, [outcome(first, "succeed")])).toBeDefined();
  low = false;
  expect(only(await fresh.send(QUEUE, [item()], SETTINGS)).status).toBe("stored");
});
