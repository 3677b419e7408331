// A server is killed in the middle of the upgrade from layout 3, before a step that the test chooses; the next one finishes it.

import { Redis } from "ioredis";
import { afterEach, beforeEach, expect, test } from "vitest";
import { RedisStore } from "../../src/store/redis/redis-store.ts";
import { LAYOUT, STORAGE_VERSION } from "../../src/store/redis/storage-version.ts";
import { queuesBeforePartitions } from "../../src/store/redis/upgrades/keys-by-partition.ts";
import { type Contents, contentsByName } from "../store/redis/layouts/contents.ts";
import { readFixture, restore } from "../store/redis/layouts/fixture.ts";
import { connectTo } from "../support/grpc.ts";
import { startTestRedis, type TestRedis } from "../support/redis.ts";
import { PREFIX, runUpgrade, STEPS, type Step, type SteppedUpgrade } from "./stepped-upgrade.ts";

/** More keys than the upgrade renames in one step. */
const COPIES = 8;
const LAYOUT_3 = readFixture("layout-3");

let machine: TestRedis;
let redis: Redis;
beforeEach(async () => {
  machine = await startTestRedis({ appendonly: false });
  redis = new Redis({ path: machine.socketPath, protocol: 2 });
});
afterEach(async () => {
  redis.disconnect();
  await machine.stop();
});

async function becomeLayout3(): Promise<void> {
  await redis.flushall();
  const list = queuesBeforePartitions(PREFIX);
  const queues = new Set<string>();
  for (let copy = 1; copy <= COPIES; copy++) {
    const rename = (queue: string) => `${queue.slice(0, 120)}-${copy}`;
    await restore(LAYOUT_3, redis, PREFIX, rename);
    for (const queue of await redis.smembers(list)) queues.add(rename(queue));
  }
  await redis.del(list);
  await redis.sadd(list, ...queues);
}

/** Returns what the upgrade of a server has made of the data; undefined: it was killed before, or had nothing to do. */
async function upgrade(killed?: SteppedUpgrade["killed"]): Promise<Contents | undefined> {
  let after: Contents | undefined;
  await runUpgrade({
    ...{ machine, redis },
    ...(killed === undefined ? {} : { killed }),
    async atEnd() {
      after = await contentsByName(redis, PREFIX);
    },
    whenServing: ({ grpcAddress }) => expectSettings(grpcAddress),
  });
  return after;
}

/** What UpdateQueue and UpdateRules have set is in force. */
async function expectSettings(address: string): Promise<void> {
  const client = connectTo(address);
  try {
    const { queue } = await client.admin.getQueue({ queue: "limits" });
    expect(queue?.effectiveConfig?.keyLimits).toMatchObject({ attribute: "host", maxInFlight: 1 });
    const { ruleSet } = await client.admin.getRules({});
    expect(ruleSet?.rules.map(({ name }) => name)).toEqual(["by-failure", "by-arrival", "drop"]);
  } finally {
    client.close();
  }
}

/** Returns why a server of layout 3 does not start; undefined: it starts. */
async function refusalOfLayout3(): Promise<string | undefined> {
  const upgrades = LAYOUT.upgrades.filter(({ to }) => to <= 3);
  const store = new RedisStore({
    target: { kind: "socket", path: machine.socketPath },
    ...{ prefix: PREFIX, nodeId: "older", timeoutMs: 30_000, outboxMaxBytes: 1_000_000 },
    ...{ compressMinBytes: 0, expiryGraceMs: 0, maxQueues: 1_000 },
    layout: { version: 3, upgrades },
  });
  try {
    return await new Promise((resolve) => {
      store.onReady(() => resolve(undefined));
      store.onRefused(({ message }) => resolve(message));
    });
  } finally {
    await store.close();
    await redis.del(`${PREFIX}:nodes`); // as ten seconds later
  }
}

test.each(Object.keys(STEPS) as Step[])(
  "killed before the %s: nothing is lost",
  async (step) => {
    await becomeLayout3();
    const before = await contentsByName(redis, PREFIX);
    const first = await upgrade({ before: step, n: 1 });
    const isUntouched = step === "announcement" || step === "begin in the version";
    expect(await redis.get(`${PREFIX}:version`)).toBe(versionBefore(step));
    if (isUntouched) expect(await refusalOfLayout3()).toBe(undefined);
    else expect(await refusalOfLayout3()).toMatch(/layout 4 by a newer server/);
    const second = await upgrade();
    expect(first ?? second).toEqual(before);
    expect(await redis.get(`${PREFIX}:version`)).toBe(String(STORAGE_VERSION));
  },
  300_000,
);

function versionBefore(step: Step): string {
  if (step === "announcement" || step === "begin in the version") return "3";
  return step === "end of the announcement" ? "4" : "3>4";
}

test("killed before each further renaming: nothing is lost", async () => {
  await becomeLayout3();
  const before = await contentsByName(redis, PREFIX);
  let kills = 0;
  let after: Contents | undefined;
  // Each of them renames the keys of one page.
  while (after === undefined) {
    after = await upgrade({ before: "renaming", n: 2 });
    if (after === undefined) kills++;
  }
  expect(kills).toBeGreaterThan(1);
  expect(after).toEqual(before);
});
