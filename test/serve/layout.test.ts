// Real servers with data of another layout.

import { Redis } from "ioredis";
import { afterEach, beforeEach, expect, test } from "vitest";
import { queueBase } from "../../src/store/redis/keys.ts";
import { STORAGE_VERSION } from "../../src/store/redis/storage-version.ts";
import { childrenOf } from "../bench/meter.ts";
import { readFixture, restore } from "../store/redis/layouts/fixture.ts";
import { connectTo, statsOf } from "../support/grpc.ts";
import { startTestRedis, type TestRedis } from "../support/redis.ts";
import { startTestServer } from "../support/server.ts";
import { until } from "../support/store.ts";

let redis: TestRedis;
let data: Redis;
beforeEach(async () => {
  redis = await startTestRedis();
  data = new Redis({ path: redis.socketPath, protocol: 2 });
});
afterEach(async () => {
  data.disconnect();
  await redis.stop();
});

test("data of layout 1 is upgraded, logged and served", async () => {
  await restore(readFixture("layout-1"), data, "dlq");
  const server = await startTestServer({ redisUrl: redis.url });
  try {
    expect(server.output()).toMatch(
      /"msg":"upgrading the data to a newer layout; [\s\S]*"msg":"the data was upgraded from layout 1 to 2 /,
    );
    const client = connectTo(server.grpcAddress);
    const { scheduled, quarantined } = await statsOf(client.dlq, "orders");
    client.close();
    expect(quarantined).toBe(1n);
    expect(scheduled).toBeGreaterThan(20n);
  } finally {
    await server.stop();
  }
});

/** Many entries of layout 1, so that an upgrade takes a while. */
const LIST_MANY = `
for n = 1, tonumber(ARGV[1]) do
  redis.call('ZADD', KEYS[1], n, struct.pack('>I8I8', n, n))
end`;
const MANY = 150_000;

test("the next server finishes the upgrade of a killed one", async () => {
  await restore(readFixture("layout-1"), data, "dlq");
  await data.eval(LIST_MANY, 1, "dlq:{orders}:expiry", MANY);
  const starting = startTestServer({ redisUrl: redis.url });
  const ending = expect(starting).rejects.toThrow(/ended at its start with SIGKILL/);
  await until("the upgrade", async () => (await data.get("dlq:version")) === "1>2" || undefined);
  for (const pid of childrenOf(process.pid)) if (pid !== redis.pid) process.kill(pid, "SIGKILL");
  await ending;
  expect(await data.get("dlq:version")).toBe("1>2");
  expect(await data.zcard("dlq:{orders}:expiry")).toBeGreaterThan(1_000);

  await data.pexpire("dlq:upgrade", 1); // as after ten seconds
  const server = await startTestServer({ redisUrl: redis.url });
  try {
    expect(server.output()).toMatch(/"msg":"the data was upgraded from layout 1 to 2 /);
    expect(await data.get("dlq:version")).toBe(String(STORAGE_VERSION));
    const chunks = await data.zrange(`${queueBase("dlq", "orders")}:expiry`, "0", "-1");
    expect(chunks.sort()).toEqual(["0", "1"]);
  } finally {
    await server.stop();
  }
});

test("a server ends within seconds with an error when a newer version upgrades its data", async () => {
  const server = await startTestServer({ redisUrl: redis.url });
  await data.set("dlq:version", STORAGE_VERSION + 1);
  try {
    await until("its end", () => !isRunning(server.pid) || undefined);
    expect(await server.terminate()).toBe(1);
    const said = `is of layout ${STORAGE_VERSION + 1} by a newer server; this one`;
    expect(server.output()).toMatch(new RegExp(`dlq-server: the data .* ${said}`));
    const draining = server.logs.find(({ msg }) => msg === "draining");
    expect(draining?.why).toEqual(expect.stringContaining(said));
    expect(await data.get("dlq:version")).toBe(String(STORAGE_VERSION + 1));
    expect(await data.zcard("dlq:nodes")).toBe(0);
  } finally {
    await server.stop();
  }
});

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
