// A server is killed in the middle of the upgrade from layout 3; the next one finishes it.

import { Redis } from "ioredis";
import { expect, onTestFinished, test } from "vitest";
import { RedisStore } from "../../src/store/redis/redis-store.ts";
import { STORAGE_VERSION } from "../../src/store/redis/storage-version.ts";
import { childrenOf } from "../bench/meter.ts";
import { becomeLayout3 } from "../store/redis/layouts/layout-3.ts";
import { connectTo } from "../support/grpc.ts";
import { startTestRedis } from "../support/redis.ts";
import { startTestServer } from "../support/server.ts";
import { until } from "../support/store.ts";
import { item, SETTINGS } from "../support/store-items.ts";

/** In queues of 1,000, each message with a key of its own. */
const MESSAGES = Number(process.env.DLQ_TEST_UPGRADE_MESSAGES ?? 40_000);
const A_QUEUE = 1_000;
const HOUR_MS = 3_600_000;
/** Keys whose values are compared. */
const SAMPLE = 500;

async function fill(url: string): Promise<void> {
  const store = new RedisStore({
    ...{ target: { kind: "url", url }, prefix: "dlq", nodeId: "node", timeoutMs: 30_000 },
    ...{ outboxMaxBytes: 1_000_000, expiryGraceMs: 0, maxQueues: 10_000, compressMinBytes: 0 },
  });
  await until("the store", () => store.ready || undefined);
  for (let queue = 0; queue < MESSAGES / A_QUEUE; queue++) {
    const items = Array.from({ length: A_QUEUE }, (_, n) =>
      item({ dedupKey: `key ${n}`, delayMs: HOUR_MS }),
    );
    await store.send(`queue-${queue}`, items, { ...SETTINGS, dedupWindowMs: HOUR_MS });
  }
  await store.close();
}

/** Some keys of queues, with their values as Redis dumps them. */
async function sampleOf(redis: Redis): Promise<{ key: Buffer; value: Buffer | null }[]> {
  const found = new Map<string, { key: Buffer; value: Buffer | null }>();
  while (found.size < SAMPLE) {
    const key = (await redis.callBuffer("RANDOMKEY")) as Buffer;
    if (!key.includes("}:")) continue;
    found.set(key.toString("hex"), { key, value: await redis.dumpBuffer(key) });
  }
  return [...found.values()];
}

test("a server that is killed in the middle of an upgrade loses nothing, and the next one finishes it", async () => {
  const machine = await startTestRedis();
  onTestFinished(() => machine.stop());
  const redis = new Redis({ path: machine.socketPath, protocol: 2 });
  onTestFinished(() => redis.disconnect());
  await fill(machine.url);
  const sample = await sampleOf(redis);
  await becomeLayout3(redis, "dlq");
  await redis.del("dlq:nodes");
  const renamed = () => redis.exists(...sample.map(({ key }) => key));

  const starting = startTestServer({ redisUrl: machine.url });
  const ending = expect(starting).rejects.toThrow(/ended at its start with SIGKILL/);
  await until("a part of the upgrade", async () => (await renamed()) > SAMPLE / 10);
  for (const pid of childrenOf(process.pid)) if (pid !== machine.pid) process.kill(pid, "SIGKILL");
  await ending;
  expect(await redis.get("dlq:version")).toBe("3>4");
  expect(await renamed()).toBeLessThan(SAMPLE);

  await redis.pexpire("dlq:upgrade", 1); // as after ten seconds
  const server = await startTestServer({ redisUrl: machine.url });
  onTestFinished(() => server.stop());
  expect(server.output()).toMatch(/"msg":"the data was upgraded from layout 3 to 4 /);
  expect(await redis.get("dlq:version")).toBe(String(STORAGE_VERSION));
  for (const { key, value } of sample) expect(await redis.dumpBuffer(key)).toEqual(value);
  const client = connectTo(server.grpcAddress);
  onTestFinished(() => client.close());
  const { queues } = await client.dlq.stats({});
  expect(queues).toHaveLength(MESSAGES / A_QUEUE);
  for (const { counts } of queues) expect(counts).toMatchObject([{ count: BigInt(A_QUEUE) }]);
}, 600_000);
