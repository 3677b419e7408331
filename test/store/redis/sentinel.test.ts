import { afterAll, beforeAll, expect, test } from "vitest";
import { queueBase } from "../../../src/store/redis/keys.ts";
import { RedisStore } from "../../../src/store/redis/redis-store.ts";
import { until } from "../../support/store.ts";
import { item, NO_REQUEST, only, outcome, SETTINGS, session } from "../../support/store-items.ts";
import { type SentinelSet, startSentinelSet } from "../../support/store-sentinel.ts";

const QUEUE = "orders";

let set: SentinelSet;
let store: RedisStore;
beforeAll(async () => {
  set = await startSentinelSet();
  store = new RedisStore({
    target: {
      kind: "sentinels",
      sentinels: [{ host: "127.0.0.1", port: set.sentinelPort }],
      name: set.name,
    },
    prefix: "dlq",
    nodeId: "node",
    timeoutMs: 1_000,
    outboxMaxBytes: 1_000_000,
    expiryGraceMs: 0,
    maxQueues: 10,
    compressMinBytes: 0,
  });
  await until("the connection", () => store.ready || undefined);
});
afterAll(async () => {
  await store?.close();
  await set?.stop();
});

const tick = (claimNumber: number) =>
  store.tick(QUEUE, {
    claimNumber,
    sessions: [session(1)],
    settings: { ttlAction: "quarantine", quarantineRetentionMs: 0 },
  });

test("the store continues after a failover: calls, leases and hints", async () => {
  const woken: string[] = [];
  let subscriptions = 0;
  store.hints.onWake((queue) => woken.push(queue));
  store.hints.onReconnect(() => subscriptions++);
  await store.open();
  await store.send(QUEUE, [item(), item()], SETTINGS);
  const before = (await tick(1)).claimed;
  expect(before).toHaveLength(2);
  await until(
    "the replica to have it all",
    async () =>
      (await set.replica.cli("ZCARD", `${queueBase("dlq", QUEUE)}:leases`)) === "2" || undefined,
  );
  const subscribed = subscriptions;

  await set.primary.kill9();
  await expect(store.send(QUEUE, [item()], SETTINGS)).rejects.toMatchObject({
    kind: "STORE_UNAVAILABLE",
  });
  await until("sends to be accepted again", () =>
    store.send(QUEUE, [item({ delayMs: 60_000 })], SETTINGS).catch(() => undefined),
  );
  expect(await set.replica.cli("ROLE")).toMatch(/^master/);

  // Leases from before the failover still count, under their old tokens.
  const settled = await store.settle(
    QUEUE,
    NO_REQUEST,
    before.map((c) => outcome(c, "succeed")),
  );
  expect(settled?.results.map((result) => result.status)).toEqual(["APPLIED", "APPLIED"]);
  await until("the hints to be back", () => subscriptions > subscribed || undefined);
  woken.length = 0;
  await store.send(QUEUE, [item()], SETTINGS);
  await until("a hint", () => woken.includes(QUEUE) || undefined);
  expect(only((await tick(2)).claimed)).toMatchObject({ deliveryNumber: 1 });
});
