// Writes layout-3.json: what servers of layout 3 had in Redis, with every kind of key. A server of that time writes most of it,
// and is killed. Its store writes what a server leaves only between two steps. And layout-3-bulk.json.br: one queue of 1,000
// messages, to be restored under many names.
//
//   git worktree add /tmp/layout-3 a3160279     the last commit of layout 3
//   ln -s "$PWD/node_modules" /tmp/layout-3/
//   node test/store/redis/layouts/write-layout-3.ts /tmp/layout-3
//   npm run format
//   git worktree remove --force /tmp/layout-3
//
// It need not be run again: ids and times would be others, what the file says would not.

import { resolve } from "node:path";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { Redis } from "ioredis";
import { BreakerScope, OrderingMode } from "../../../../gen/dlq/v1/queue_pb.ts";
import { RuleEvent, TransformTarget } from "../../../../gen/dlq/v1/rule_pb.ts";
import { NO_DELIVERY_SETTINGS } from "../../../../src/core/delivery-settings.ts";
import { storeNowMs } from "../../../../src/store/redis/store-now.ts";
import { connectTo, sendAll, statsOf, type TestClient } from "../../../support/grpc.ts";
import { startTestRedis } from "../../../support/redis.ts";
import {
  dueIn,
  failed,
  quarantined,
  type SendRequest,
  sendRequest,
  text,
} from "../../../support/send-requests.ts";
import { until } from "../../../support/store.ts";
import {
  bytes,
  hex,
  item,
  NO_REQUEST,
  outcome,
  SETTINGS,
  session,
} from "../../../support/store-items.ts";
import { type Received, Worker } from "../../../support/worker.ts";
import { FIXTURE_PREFIX, type Layout3Known, readKeys, writeFixture } from "./fixture.ts";

const [checkout] = process.argv.slice(2);
if (checkout === undefined) throw new Error("name the folder with the source of layout 3");
const load = <T>(path: string) => import(resolve(checkout, path)) as Promise<T>;
const { RedisStore } = await load<typeof import("../../../../src/store/redis/redis-store.ts")>(
  "src/store/redis/redis-store.ts",
);
const { QUEUE_KEYS } =
  await load<typeof import("../../../../src/store/redis/keys.ts")>("src/store/redis/keys.ts");
const { startTestServer } =
  await load<typeof import("../../../support/server.ts")>("test/support/server.ts");

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const machine = await startTestRedis({ appendonly: false });
const redis = new Redis({ path: machine.socketPath, protocol: 2 });
const args = ["--redis-prefix", FIXTURE_PREFIX, "--node-id", "node-of-layout-3"];
const server = await startTestServer({
  redisUrl: machine.url,
  args,
  env: { DLQ_REDIS_TIMEOUT: "30s" },
});
const client = connectTo(server.grpcAddress);
const { dlq, admin } = client;

const later = dueIn(DAY_MS);
const send = async (queue: string, ...requests: SendRequest[]) =>
  sendAll(
    dlq,
    requests.map((one) => sendRequest(queue, one)),
  );
const named = (name: string, over: SendRequest = {}): SendRequest => ({
  payload: text(JSON.stringify({ name })),
  ...over,
});
const open = (queue: string, maxInFlight: number, leaseMs = 12 * HOUR_MS, from = client) =>
  Worker.open(from.dlq, {
    queues: [queue],
    workerId: "worker-of-layout-3",
    maxInFlight,
    leaseDuration: durationFromMs(leaseMs),
  });
type Config = NonNullable<
  NonNullable<Parameters<TestClient["admin"]["updateQueue"]>[0]["queue"]>["config"]
>;
const configure = (name: string, config: Config) => admin.updateQueue({ queue: { name, config } });
/** Fails the next message of a queue as often. */
async function failOne(queue: string, times: number): Promise<void> {
  const worker = await open(queue, 1);
  for (let n = 0; n < times; n++) await worker.settle(await worker.next(), failed());
  await worker.close();
}

// One of each state; dedup keys, requests, numbers and sources.
const soon = { retryPolicy: { maxRetries: 9, initialDelay: durationFromMs(1) } };
await send("orders", named("fails", { maxRetries: 9, ...soon }));
const failing = await open("orders", 1);
await failing.settle(await failing.next(), failed());
await failing.settle(await failing.next(), failed());
await failing.settle(
  await failing.next(),
  failed({ retryAfter: durationFromMs(DAY_MS), failure: { type: "Third", message: "again" } }),
);
await send("orders", named("quarantined"));
await failing.settle(await failing.next(), quarantined);
await failing.close();
await send("orders", named("joined", { dedupKey: "{x}:y\n\u00e9", ...later }));
await send("orders", named("repeated", { requestId: "request-1", ...later }));
const clientId = bytes("client of test..");
const number = (n: number) => ({ sendNumber: { clientId, number: BigInt(n) } });
await send("orders", named("numbered", { ...number(1), ...later }));
await send(
  "orders",
  ...Array.from({ length: 5 }, () => named("source", { sourceId: "s", ...later })),
);
await send("orders", named("mortal", { ttl: durationFromMs(2 * DAY_MS), ...later }));
await send("orders", named("due"), named("due"));
await send(
  "orders",
  named("imported", {
    importedHistory: {
      attempts: 2,
      failures: [{ failure: { type: "Old", message: "before" } }],
    },
    ...later,
  }),
);
await send("orders", named("large", { payload: text("x".repeat(4_096)), ...later }));

// Edited, by Retry and by a setting of the queue.
const patch = (value: number) => ({
  target: TransformTarget.PAYLOAD,
  patch: { case: "mergePatch" as const, value: JSON.stringify({ edited: value }) },
});
const edited = await send("edited", named("edited", later));
await dlq.retry({ queue: "edited", ids: edited, transforms: [patch(1)] });
await configure("edited", { transforms: { transforms: [patch(2)] } });
await send("edited", named("edited by the queue", soon));
await failOne("edited", 2);

// Two lost leases: it gets isolated delivery, and another message does not.
await send("isolated", named("isolated"));
const careless = await open("isolated", 1, 1_000);
await careless.take(2);
await careless.close();
const lostTwice = () => statsOf(dlq, "isolated").then((q) => (q.totals?.leaseExpiries ?? 0n) >= 2n);
await until("two lost leases", async () => (await lostTwice()) || undefined);
await send("isolated", named("other", later));

// Limits by key, with odd keys; a rate; a budget; breakers; priorities; order; a pause; retention.
const host = (value: string, over: SendRequest = {}) =>
  named("limited", { attributes: { host: value }, ...over });
await configure("limits", {
  keyLimits: { attribute: "host", maxInFlight: 1, rate: { perSecond: 0.001, burst: 2 } },
  breaker: {
    scope: BreakerScope.KEY,
    consecutiveFailures: 1,
    openTime: durationFromMs(24 * HOUR_MS),
    maxOpenTime: durationFromMs(24 * HOUR_MS),
  },
});
await send(
  "limits",
  host("a"),
  host("a"),
  host("b"),
  host("x}:a:meta"),
  host("x}:a:meta"),
  named("free"),
);
const limited = await open("limits", 8);
const taken = await limited.take(4);
const ofB = taken.find(({ message }) => message.attributes.host === "b");
if (ofB === undefined) throw new Error("no message of host b");
await limited.settle(ofB, failed({ failure: { type: "Timeout" } }));
await send("limits", host("b"), host("c", later));
await limited.close();

await configure("rate", { rate: { perSecond: 0.001, burst: 1 } });
await send("rate", named("first"), named("second"));
const slow = await open("rate", 8);
await slow.settle(await slow.next(), quarantined);
await slow.close();

await configure("budget", { retryBudget: { ratio: 0.01, minPerSecond: 0 } });
await send("budget", named("budgeted", soon));
await failOne("budget", 1);

await configure("breaker", {
  breaker: {
    scope: BreakerScope.QUEUE,
    consecutiveFailures: 2,
    openTime: durationFromMs(24 * HOUR_MS),
    maxOpenTime: durationFromMs(24 * HOUR_MS),
  },
});
await send("breaker", named("one"), named("two"), named("three"));
const timeout = failed({ failure: { type: "Timeout" } });
const opening = await open("breaker", 1);
await opening.settle(await opening.next(), timeout);
await opening.settle(await opening.next(), timeout);
await opening.close();

await send(
  "priorities",
  named("low", { priority: -100 }),
  named("high", { priority: 100 }),
  named("usual"),
);
await configure("ordered", { ordering: { mode: OrderingMode.KEY } });
await send(
  "ordered",
  ...["first", "second", "third"].map((name) => named(name, { orderingKey: "{o}:meta" })),
);
await configure("held", {
  ordering: { mode: OrderingMode.HOLD, holdMaxAge: durationFromMs(7 * DAY_MS) },
});
await send("held", ...["first", "second"].map((name) => named(name, { orderingKey: "}:workers" })));
const holding = await open("held", 1);
await holding.settle(await holding.next(), quarantined);
await holding.close();
await configure("paused", { pause: { paused: true, reason: "upgrade" } });
await send("paused", named("paused"));
await configure("kept", { quarantineRetention: durationFromMs(2 * DAY_MS) });
await send("kept", named("kept"));
const keeping = await open("kept", 1);
await keeping.settle(await keeping.next(), quarantined);
await keeping.close();
await configure("settings-only", { maxRetries: 3 });

// Rules: one moves at arrival, one after a failure, one drops.
await admin.updateRules({
  ruleSet: {
    rules: [
      {
        ...{ name: "by-failure", event: RuleEvent.FAILURE, when: 'message.queue == "from"' },
        action: { queue: "moved-in" },
      },
      {
        ...{ name: "by-arrival", event: RuleEvent.ARRIVAL, when: 'message.queue == "asked"' },
        action: { queue: "moved-in" },
      },
      {
        name: "drop",
        event: RuleEvent.ARRIVAL,
        when: 'message.queue == "dropped"',
        action: { drop: true },
      },
    ],
  },
});
await admin.getRules({});
await send("from", named("moved"));
await failOne("from", 1);
await until(
  "a move",
  async () => (await statsOf(dlq, "from")).totals?.movedOut === 1n || undefined,
);
await send("asked", named("routed", { requestId: "request-2", ...number(2), ...later }));
await send("dropped", named("dropped", number(3)));

// Names with all allowed characters; some look like other keys.
const NAMES = ["-", ".", "_.-9", "0", "1c.0b", "meta", "queues", "version", "Due", "n".repeat(128)];
for (const name of NAMES) {
  await send(name, named(name, later), named("due", { dedupKey: ":meta" }));
}

// In flight, and their server dies.
await send("in-flight", named("settled"), named("lost"));
const workers = await open("in-flight", 2);
const [settled, lost] = (await workers.take(2)) as [Received, Received];
await server.kill9();
client.close();

// What is only between two steps of a server.
let behindMs = 0;
const store = new RedisStore({
  target: { kind: "socket", path: machine.socketPath },
  ...{ prefix: FIXTURE_PREFIX, nodeId: "node-of-layout-3", timeoutMs: 5_000 },
  // The name of that time, and the name of now.
  ...{ journalMax: 100, outboxMaxBytes: 0 },
  ...{ compressMinBytes: 0, expiryGraceMs: 0, maxQueues: 100 },
  deliverySettingsOf: () => NO_DELIVERY_SETTINGS,
  now: () => performance.now() - behindMs,
});
await until("the store", () => store.ready || undefined);
let claims = 0;
const tick = (queue: string, count = 0) =>
  store.tick(queue, {
    claimNumber: ++claims,
    sessions: count === 0 ? [] : [session(1, { count, leaseMs: 12 * HOUR_MS })],
    settings: { ttlAction: "quarantine", quarantineRetentionMs: 0 },
  });

// Moves: started; taken in there; refused there.
const MOVES = ["started", "received", "refused"];
for (const name of MOVES) await store.send("moving", [item({ envelope: bytes(name) })], SETTINGS);
const { claimed } = await tick("moving", 3);
await store.settle(
  "moving",
  NO_REQUEST,
  claimed.map((one) =>
    outcome(one, "failMove", {
      ...{ delayMs: DAY_MS, reason: "NETWORK_ERROR", failure: bytes("attempt failed") },
      move: { target: "moved-in", ifRefused: { delayMs: 2 * DAY_MS } },
    }),
  ),
);
const moving = await store.moves.pending("moving", { olderThanMs: 0 });
const movingNamed = (name: string) =>
  moving.filter(({ envelope }) => Buffer.from(envelope).toString() === name);
const plain = { limiterKey: "", orderingKey: "" };
for (const [name, settings] of [
  ["received", SETTINGS],
  ["refused", { ...SETTINGS, maxMessages: 1 }],
] as const) {
  const items = movingNamed(name).map((message) => ({ message, ...plain }));
  await store.moves.receive("moved-in", "moving", items, settings);
}

// A deletion: sealed, and a page is removed.
const LARGEST_PAGE = 512;
await store.send(
  "deleting",
  Array.from({ length: LARGEST_PAGE + 3 }, () =>
    item({ envelope: bytes("x"), failure: bytes("") }),
  ),
  SETTINGS,
);
await store.deletion.seal("deleting", LARGEST_PAGE + 3);
await store.deletion.purge("deleting");

// What later calls repeat.
const ids: string[] = [];
for (const over of [{ requestId: "request-1" }, { dedupKey: "{x}:y\n\u00e9" }]) {
  const replies = await store.send("repeats", [item({ ...over, delayMs: DAY_MS })], {
    ...SETTINGS,
    dedupWindowMs: 7 * DAY_MS,
  });
  for (const reply of replies) if (reply.status === "stored") ids.push(hex(reply.id));
}
await store.send("repeats", Array(4).fill(item({ sourceId: "source", delayMs: DAY_MS })), SETTINGS);
await store.send("repeats", [item()], SETTINGS);
const { claimed: acked } = await tick("repeats", 1);
const settling = acked.map((one) => outcome(one, "quarantine"));
await store.settle("repeats", bytes("request of an ack"), settling);

// Numbers with many gaps; a claim that was given back.
const NUMBERS = 2 * 70;
const odd = Array.from({ length: NUMBERS / 2 }, (_, n) =>
  item({ dropped: true, number: { client: clientId, number: 2 * n + 1 } }),
);
await store.send("gaps", odd, SETTINGS);
await store.send("returned", [item()], SETTINGS);
const returned = session(2);
await store.tick("returned", {
  claimNumber: ++claims,
  sessions: [returned],
  settings: { ttlAction: "quarantine", quarantineRetentionMs: 0 },
});
await store.abandon("returned", claims, [returned]);

// Redis' clock is an hour ahead of what this server measures: lives that began before end later.
await store.send("postponed", [item({ ttlMs: 1_000 })], SETTINGS);
behindMs = HOUR_MS;
await store.signOfLife();
await until("a postponed life", async () => {
  await tick("postponed");
  return (await redis.exists(`${FIXTURE_PREFIX}:{postponed}:postponed`)) === 1 || undefined;
});
const BULK = Array.from({ length: 1_000 }, (_, n) =>
  item({ envelope: bytes("x"), failure: bytes(""), dedupKey: `key ${n}`, delayMs: 90 * DAY_MS }),
);
await store.send("bulk", BULK, { ...SETTINGS, dedupWindowMs: 90 * DAY_MS });
await store.close();
const nowMs = await storeNowMs(redis);
const bulkKeys = `${FIXTURE_PREFIX}:{bulk}*`;
writeFixture("layout-3-bulk", await readKeys(redis, bulkKeys), nowMs, {});
await redis.unlink(await redis.keysBuffer(bulkKeys));
await redis.srem(`${FIXTURE_PREFIX}:queues`, "bulk");

const present = (await redis.keys(`${FIXTURE_PREFIX}:{*`)).map((key) => key.replace(/^.*?\}/s, ""));
for (const suffix of Object.values(QUEUE_KEYS)) {
  const isThere = present.some((key) =>
    suffix.endsWith(":") ? key.startsWith(suffix) : key === suffix,
  );
  if (!isThere) throw new Error(`no key ${suffix}`);
}
const known: Layout3Known = {
  repeated: ids[0] ?? "",
  joined: ids[1] ?? "",
  settled: settled.delivery.leaseToken,
  lost: lost.delivery.leaseToken,
};
writeFixture("layout-3", await readKeys(redis, `${FIXTURE_PREFIX}:*`), nowMs, known);
redis.disconnect();
await server.stop().catch(() => {});
await machine.stop();
