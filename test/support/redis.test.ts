import { existsSync } from "node:fs";
import { afterEach, expect, test } from "vitest";
import { startTestRedis, type TestRedis } from "./redis.ts";

let redis: TestRedis | undefined;
afterEach(async () => {
  await redis?.stop();
  redis = undefined;
});

test("answered writes survive kill -9 and a restart, on the same address", async () => {
  redis = await startTestRedis({ port: true });
  await redis.cli("SET", "kept", "yes");
  const before = redis.pid;
  await redis.kill9();
  await redis.restart();
  expect(redis.pid).not.toBe(before);
  expect(await redis.cli("GET", "kept")).toBe("yes");
  expect(redis.url).toBe(`redis://127.0.0.1:${redis.port}`);
});

test("an error reply rejects", async () => {
  redis = await startTestRedis({ appendonly: false, maxMemoryBytes: 1 });
  await expect(redis.cli("SET", "a", "b")).rejects.toThrow(/OOM/);
});

test("stop leaves neither process nor folder", async () => {
  const own = await startTestRedis();
  const { pid, dir } = own;
  await own.stop();
  expect(() => process.kill(pid, 0)).toThrow(/ESRCH/);
  expect(existsSync(dir)).toBe(false);
});
