// Writes layout-1.json, what a store of layout 1 had in Redis, by that store's own code:
//
//   git worktree add /tmp/layout-1 794bc4a     the last commit of layout 1
//   ln -s "$PWD/node_modules" /tmp/layout-1/
//   node test/store/redis/layouts/write-layout-1.ts /tmp/layout-1
//   git worktree remove --force /tmp/layout-1
//
// It need not be run again: ids and nonces would be others, what the file says would not.

import { resolve } from "node:path";
import { Redis } from "ioredis";
import type { Claimed } from "../../../../src/store/contract.ts";
import { startTestRedis } from "../../../support/redis.ts";
import { START_MS, until } from "../../../support/store.ts";
import { createTestClock } from "../../../support/store-clock.ts";
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
} from "../../../support/store-items.ts";
import { FIXTURE_PREFIX, readKeys, writeFixture } from "./fixture.ts";

const [checkout] = process.argv.slice(2);
if (checkout === undefined) throw new Error("name the folder with the source of layout 1");
const { RedisStore } = (await import(
  resolve(checkout, "src/store/redis/redis-store.ts")
)) as typeof import("../../../../src/store/redis/redis-store.ts");

const DAY_MS = 24 * 3_600_000;
const QUEUE = "orders";
const server = await startTestRedis({ appendonly: false });
const redis = new Redis({ path: server.socketPath, protocol: 2 });
const clock = createTestClock(redis, FIXTURE_PREFIX);
await clock.set(START_MS);
const store = new RedisStore({
  target: { kind: "socket", path: server.socketPath },
  prefix: FIXTURE_PREFIX,
  nodeId: "node-of-layout-1",
  timeoutMs: 2_000,
  // The name of that time, and the name of now.
  ...{ journalMax: 100 },
  outboxMaxBytes: 0,
  compressMinBytes: 0,
  expiryGraceMs: 0,
  maxQueues: 10,
  clock: "key",
});
await until("the store", () => store.ready || undefined);

let claims = 0;
async function claim(leaseMs = 30_000, canIsolate = true): Promise<readonly Claimed[]> {
  const { claimed } = await store.tick(QUEUE, {
    claimNumber: ++claims,
    sessions: [session(1, { leaseMs, canIsolate, count: 1_000 })],
    settings: { ttlAction: "quarantine", quarantineRetentionMs: 0 },
  });
  return claimed;
}
const settle = (all: readonly Claimed[], kind: Parameters<typeof outcome>[1]) =>
  store.settle(
    QUEUE,
    NO_REQUEST,
    all.map((one) => outcome(one, kind)),
  );
const send = async (over: Parameters<typeof item>[0]) =>
  storedId(only(await store.send(QUEUE, [item(over)], SETTINGS)));

// Most of the first chunk comes and goes, so that what is left is in two of them.
await store.send(QUEUE, Array(112).fill(item()), SETTINGS);
await settle(await claim(), "succeed");

// Lost twice: it gets isolated delivery.
const isolated = await send({ envelope: bytes("suspect") });
for (let times = 0; times < 2; times++) {
  await claim(1_000);
  await clock.advance(2_000);
}
await claim(1_000); // out once more, and lost
await clock.advance(2_000);
await store.tick(QUEUE, {
  claimNumber: ++claims,
  sessions: [],
  settings: { ttlAction: "quarantine", quarantineRetentionMs: 0 },
});

// One of each state, with lives that end and lives that don't.
const names = ["held", "failed", "quarantined"] as const;
for (const name of names) await send({ envelope: bytes(name), ttlMs: DAY_MS });
const byName = new Map(
  (await claim(12 * 3_600_000, false)).map((one) => [Buffer.from(one.envelope).toString(), one]),
);
const of = (name: string): Claimed => only([byName.get(name)].flatMap((one) => one ?? []));
await settle([of("failed")], "failReschedule");
await settle([of("quarantined")], "quarantine");
for (const days of [1, 1, 2, 3]) {
  const delayMs = (days * DAY_MS) / 2;
  for (let n = 0; n < 5; n++) await send({ delayMs, ttlMs: days * DAY_MS });
}
await send({ envelope: bytes("for ever"), delayMs: DAY_MS });
const repeated = await send({ requestId: "request-1", delayMs: DAY_MS });
const joined = await send({ dedupKey: "key-1", delayMs: DAY_MS });
await store.send("other", [item({ envelope: bytes("other"), delayMs: DAY_MS })], SETTINGS);
await store.registerSession({
  sessionId: `${hex(sessionId(1)).replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-")}`,
  workerId: "worker",
  queues: [QUEUE],
  maxInFlight: 16,
});

const keys = await readKeys(redis, `${FIXTURE_PREFIX}:*`);
writeFixture("layout-1", keys, clock.nowMs, {
  isolated: hex(isolated),
  repeated: hex(repeated),
  joined: hex(joined),
  held: {
    id: hex(of("held").id),
    deliveryNumber: of("held").deliveryNumber,
    nonce: hex(tokenOf(of("held")).nonce),
  },
});
await store.close();
redis.disconnect();
await server.stop();
