// Real servers over data of another layout: what an operator sees.

import { Redis } from "ioredis";
import { afterEach, beforeEach, expect, test } from "vitest";
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

test("data of layout 1 is upgraded, said and served", async () => {
  await restore(readFixture("layout-1"), data, "dlq");
  const server = await startTestServer({ redisUrl: redis.url });
  try {
    expect(server.output()).toMatch(/"msg":"the data was upgraded from layout 1 to 2 /);
    const client = connectTo(server.grpcAddress);
    const { scheduled, quarantined } = await statsOf(client.dlq, "orders");
    client.close();
    expect(quarantined).toBe(1n);
    expect(scheduled).toBeGreaterThan(20n);
  } finally {
    await server.stop();
  }
});

test("a server whose data becomes that of a newer one ends within a few seconds, and says why", async () => {
  const server = await startTestServer({ redisUrl: redis.url });
  await data.set("dlq:version", "3");
  try {
    await until("its end", () => !isRunning(server.pid) || undefined);
    expect(await server.terminate()).toBe(1);
    expect(server.output()).toMatch(/dlq: the data .* is of layout 3 by a newer server; this one/);
    expect(await data.get("dlq:version")).toBe("3");
    expect(await data.zcard("dlq:nodes")).toBe(0);
  } finally {
    await server.stop();
  }
}, 20_000);

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
