import { Redis } from "ioredis";
import { afterAll, beforeAll, expect, test } from "vitest";
import { formatMessageId } from "../../../src/core/message-id.ts";
import { partitionKeys, queueBase } from "../../../src/store/redis/keys.ts";
import { PARTITIONS, partitionOf, partitionTag } from "../../../src/store/redis/partitions.ts";
import { RedisStore, type RedisStoreOptions } from "../../../src/store/redis/redis-store.ts";
import { freePort, startTestRedis, type TestRedis } from "../../support/redis.ts";
import { until } from "../../support/store.ts";
import {
  bytes,
  item,
  only,
  outcome,
  SETTINGS,
  session,
  sessionId,
  tokenOf,
  toRetry,
} from "../../support/store-items.ts";

// A cluster of one node refuses scripts with keys of two slots, as a large one does.
const QUEUE = "orders";

let redis: Awaited<ReturnType<typeof startClusterNode>>;
let store: RedisStore;
const openStore = (options: Partial<RedisStoreOptions>) =>
  new RedisStore({
    target: { kind: "url", url: redis.url },
    prefix: "dlq",
    nodeId: "node",
    timeoutMs: 2_000,
    outboxMaxBytes: 1_000_000,
    expiryGraceMs: 0,
    maxQueues: 10,
    compressMinBytes: 0,
    ...options,
  });
/** `bus`: the port that other nodes use. */
async function startClusterNode(): Promise<TestRedis & { readonly bus: string }> {
  const bus = String(await freePort());
  const node = await startTestRedis({
    port: true,
    appendonly: false,
    args: ["--cluster-enabled", "yes", "--cluster-port", bus],
  });
  return Object.assign(node, { bus });
}

beforeAll(async () => {
  redis = await startClusterNode();
  await redis.cli("CLUSTER", "ADDSLOTSRANGE", "0", "16383");
  await until(
    "the cluster",
    async () => (await redis.cli("CLUSTER", "INFO")).includes("cluster_state:ok") || undefined,
  );
  store = openStore({ allowCluster: true });
  await until("the connection", () => store.ready || undefined);
});
afterAll(async () => {
  await store?.close();
  await redis?.stop();
});

test("a cluster is refused, in words", async () => {
  const other = openStore({});
  const refused = new Promise<Error>((resolve) => other.onRefused(resolve));
  expect(String(await refused)).toMatch(/Redis Cluster is not supported.*cluster-enabled no/);
  await other.close();
});

const tick = (claimNumber: number) =>
  store.tick(QUEUE, {
    claimNumber,
    sessions: [session(1)],
    settings: { ttlAction: "discard", quarantineRetentionMs: 1 },
  });

test("every script stays within the slot of its queue", async () => {
  await store.open();
  const keyed = item({ dedupKey: "k", sourceId: "s", requestId: "r", ttlMs: 60_000 });
  await store.send(QUEUE, [keyed, { ...keyed, requestId: "q" }, item()], SETTINGS);
  const { claimed } = await tick(1);
  const [first, second] = claimed as [(typeof claimed)[0], (typeof claimed)[0]];
  expect(await store.leases(QUEUE, sessionId(1))).toHaveLength(2);
  expect(await store.extend(QUEUE, [{ token: tokenOf(first), leaseMs: 60_000 }])).toHaveLength(1);
  expect(await store.examine(QUEUE, bytes("a"), [tokenOf(first)])).toHaveLength(1);
  await store.settle(QUEUE, bytes("a"), [outcome(first, "failQuarantine")]);
  await store.abandon(QUEUE, 1, [{ sessionId: sessionId(1), nonce: second.nonce }]);
  expect(await store.messages.retry(QUEUE, bytes("b"), toRetry([first.id]))).toMatchObject({
    retriedCount: 1,
  });
  const filter = { states: ["SCHEDULED" as const], reasons: [], quarantineReasons: [] };
  const selection = { filter, expectedCount: 2 };
  expect(await store.messages.retryMatching(QUEUE, bytes("c"), selection)).toMatchObject({
    retriedCount: 2,
  });
  const record = {
    sessionId: formatMessageId(sessionId(1)),
    workerId: "w",
    queues: [QUEUE, "other"],
    maxInFlight: 1,
  };
  await store.registerSession(record);
  await store.signOfLife();
  expect(only(await store.stats([QUEUE]))).toMatchObject({ scheduled: 2, workers: 1 });
  await store.unregisterSession(record, false);

  expect(await store.configs.replace(QUEUE, undefined, () => bytes("record"))).toBe(true);
  await store.configs.refresh();
  expect(store.configs.get(QUEUE)).toBeDefined();
  expect(await store.deletion.seal(QUEUE, 2)).toMatchObject({ status: "sealed" });
  expect(await store.deletion.purge(QUEUE)).toBe("removed");
  await store.deletion.remove(QUEUE);
  expect(await store.queues()).toEqual([]);
});

test("partitions are spread evenly over the slots", async () => {
  const all = Array.from({ length: PARTITIONS }, (_, partition) => partition);
  const client = new Redis(redis.url, { protocol: 2 });
  const slots = await Promise.all(
    all.map((partition) => client.cluster("KEYSLOT", `x:{${partitionTag(partition)}}:y`)),
  );
  client.disconnect();
  expect(slots.map((slot) => Math.floor(slot / 64))).toEqual(all);
});

test("a message moves to a queue of another slot", async () => {
  const [from, to] = ["from", "to"];
  const slotOf = (queue: string) => redis.cli("CLUSTER", "KEYSLOT", queueBase("dlq", queue));
  expect(await slotOf(from)).not.toBe(await slotOf(to));
  expect(await store.route(from, [{ requestId: "r", target: to }])).toEqual([undefined]);
  await store.send(from, [item({ orderingKey: "o", priority: 3 })], SETTINGS);
  const settings = { ttlAction: "discard", quarantineRetentionMs: 1 } as const;
  const { claimed } = await store.tick(from, {
    claimNumber: 9,
    sessions: [session(2)],
    settings,
  });
  const over = { delayMs: 0, move: { target: to, ifRefused: { delayMs: 0 } } };
  await store.settle(from, bytes("m"), [outcome(only(claimed), "failMove", over)]);
  const messages = await store.moves.pending(from, { olderThanMs: 0 });
  const items = messages.map((message) => ({ message, limiterKey: "k", orderingKey: "o" }));
  expect(await store.moves.receive(to, from, items, SETTINGS)).toEqual(["RECEIVED"]);
  const ends = messages.map((message) => ({ message, received: true }));
  expect(await store.moves.end(from, ends)).toEqual([true]);
  const arrived = await store.tick(to, { claimNumber: 10, sessions: [session(3)], settings });
  expect(arrived.claimed).toHaveLength(1);
});

test("while its slot migrates, Redis refuses a script as a whole", async () => {
  const target = await startClusterNode();
  try {
    await store.send(QUEUE, [item()], SETTINGS);
    const slot = await redis.cli("CLUSTER", "KEYSLOT", queueBase("dlq", QUEUE));
    const [from, to] = await Promise.all([redis, target].map((one) => one.cli("CLUSTER", "MYID")));
    await target.cli("CLUSTER", "MEET", "127.0.0.1", new URL(redis.url).port, redis.bus);
    await until("the nodes to meet", async () => {
      const isKnown = (await redis.cli("CLUSTER", "NODES")).includes(to as string);
      const isUp = (await target.cli("CLUSTER", "INFO")).includes("cluster_state:ok");
      return (isKnown && isUp) || undefined;
    });
    await target.cli("CLUSTER", "SETSLOT", slot, "IMPORTING", from as string);
    await redis.cli("CLUSTER", "SETSLOT", slot, "MIGRATING", to as string);
    const keys = async () =>
      (await redis.cli("CLUSTER", "GETKEYSINSLOT", slot, "1000")).split("\n");
    const before = await keys();
    const isRefused = (answer: string) =>
      expect(
        store.send(QUEUE, [item({ envelope: bytes("lost?") })], SETTINGS),
      ).rejects.toMatchObject({
        kind: "STORE_UNAVAILABLE",
        cause: { message: expect.stringContaining(answer) },
      });
    await isRefused("TRYAGAIN");
    // As the migration goes on: the key that always exists is at the target.
    const { queues } = partitionKeys("dlq", partitionOf(QUEUE));
    const { hostname, port } = new URL(target.url);
    await redis.cli("MIGRATE", hostname, port, queues, "0", "5000");
    await isRefused("ASK");
    expect((await keys()).toSorted()).toEqual(before.filter((key) => key !== queues).toSorted());
  } finally {
    await redis.cli("CLUSTER", "RESET", "SOFT").catch(() => {});
    await target.stop();
  }
});
