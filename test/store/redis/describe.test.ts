import { afterEach, expect, test } from "vitest";
import { useTestStore } from "../../support/store.ts";

const at = useTestStore();
afterEach(() => at.current.redis.config("SET", "maxmemory", "0"));

test("Redis describes itself: version, clock, memory, settings and what they risk", async () => {
  const { store, redis } = at.current;
  await store.signOfLife();
  const found = await store.describe();
  expect(found.version).toMatch(/^\d+\.\d+\.\d+$/);
  expect(found).toMatchObject({ replicas: 0, maxMemoryBytes: 0, server: "node-1" });
  expect(found.servers).toEqual(["node-1"]);
  expect(found.usedMemoryBytes).toBeGreaterThan(100_000);
  const [seconds] = await redis.time();
  expect(Math.abs(found.nowMs - Number(seconds) * 1_000)).toBeLessThan(60_000);
  const { settings } = found;
  expect(Object.keys(settings).toSorted()).toEqual([
    "appendfsync",
    "appendonly",
    "maxmemory-policy",
    "min-replicas-to-write",
  ]);
  expect(found.warnings.join("\n")).toContain("Redis has no maxmemory");
  await redis.config("SET", "maxmemory", `${1 << 30}`);
  const limited = await store.describe();
  expect(limited.maxMemoryBytes).toBe(1 << 30);
  expect(limited.warnings.join("\n")).not.toContain("Redis has no maxmemory");
});

test("settings that the server may not read are left out", async () => {
  const { redis } = at.current;
  await redis.call("ACL", "SETUSER", "default", "-config|get");
  try {
    const { settings, version } = await at.current.store.describe();
    expect(settings).toEqual({});
    expect(version).toMatch(/\d/);
  } finally {
    await redis.call("ACL", "SETUSER", "default", "+config|get");
  }
});
