import { describe, expect, onTestFinished, test } from "vitest";
import { STORAGE_VERSION, StoreRefused } from "../../../src/store/redis/storage-version.ts";
import { START_MS, until, useTestStore } from "../../support/store.ts";
import { item, SETTINGS } from "../../support/store-items.ts";

const at = useTestStore();
const version = () => `${at.current.prefix}:version`;

test("the first server writes the layout's version, later ones accept it", async () => {
  const { store, redis } = at.current;
  await store.open();
  expect(await redis.get(version())).toBe(String(STORAGE_VERSION));
  const second = at.current.openStore();
  await until("the connection", () => second.ready || undefined);
  await second.open();
});

test("data of a newer server is refused and not changed", async () => {
  const { store, redis } = at.current;
  await redis.set(version(), STORAGE_VERSION + 1);
  await expect(store.open()).rejects.toThrow(StoreRefused);
  await expect(store.open()).rejects.toThrow(/newer server.*--redis-prefix/);
  expect(await redis.get(version())).toBe(String(STORAGE_VERSION + 1));
});

test("nothing is read or written before the layout was checked", async () => {
  const { redis } = at.current;
  await redis.set(version(), STORAGE_VERSION + 1);
  const server = at.current.openStore();
  const refused = await new Promise<StoreRefused>((resolve) => server.onRefused(resolve));
  expect(refused.message).toMatch(/newer server/);
  await expect(server.send("orders", [item()], SETTINGS)).rejects.toMatchObject({
    kind: "STORE_UNAVAILABLE",
  });
  expect(server.ready).toBe(false);
  expect(await redis.keys(`${at.current.prefix}:{*`)).toEqual([]);
});

test.each(["v1.2", "", "0", "-1", "2.5", "1e0", " 2", "2>", ">2", "1>2>3"])(
  "a key of another program in its place, %j, is refused and not changed",
  async (text) => {
    const { store, redis } = at.current;
    await redis.set(version(), text);
    await expect(store.open()).rejects.toThrow(/another program/);
    expect(await redis.get(version())).toBe(text);
  },
);

test("so is one of another type", async () => {
  const { store, redis } = at.current;
  await redis.del(version());
  await redis.lpush(version(), "1");
  await expect(store.open()).rejects.toThrow(StoreRefused);
  await expect(store.open()).rejects.toThrow(/another program/);
});

test("queues with an unknown layout are refused and not changed", async () => {
  const { store, redis } = at.current;
  await store.send("orders", [item()], SETTINGS);
  await redis.del(version());
  await expect(store.open()).rejects.toThrow(StoreRefused);
  await expect(store.open()).rejects.toThrow(/set it again, to 4/);
  expect(await redis.exists(version())).toBe(0);
});

test("a server waits while another server may write the missing version", async () => {
  const { store, redis } = at.current;
  await store.send("orders", [item()], SETTINGS);
  await redis.del(version());
  const errors: Error[] = [];
  const second = at.current.openStore({ onError: (error) => errors.push(error) });
  await until("its error", () => errors.some(({ message }) => /waiting for node-1/.test(message)));
  expect(second.ready).toBe(false);
  await store.signOfLife().catch(() => {});
  await until("the second server", () => second.ready || undefined);
  expect(await redis.get(version())).toBe(String(STORAGE_VERSION));
});

test("a store that is emptied while a server runs gets a new version", async () => {
  const { store, redis, clock } = at.current;
  await store.send("orders", [item()], SETTINGS);
  await redis.flushall();
  await clock.set(START_MS);
  await expect(store.signOfLife()).rejects.toMatchObject({ kind: "STORE_UNAVAILABLE" });
  await until("the store", () => store.ready || undefined);
  expect(await redis.get(version())).toBe(String(STORAGE_VERSION));
  await store.send("orders", [item()], SETTINGS);
  expect(await store.queues()).toEqual(["orders"]);
});

test("a queue never exists without a version, even right after the store was emptied", async () => {
  const { store, redis, clock } = at.current;
  await redis.flushall();
  await clock.set(START_MS);
  await store.send("orders", [item()], SETTINGS);
  expect(await redis.get(version())).toBe(String(STORAGE_VERSION));
});

test("data of a restored backup is upgraded while the server runs", async () => {
  const { store, redis } = at.current;
  const warnings = new Promise<readonly string[]>((resolve) => store.onReady(resolve));
  await redis.set(version(), 1);
  await expect(store.signOfLife()).rejects.toMatchObject({ kind: "STORE_UNAVAILABLE" });
  expect(await warnings).toContainEqual(expect.stringMatching(/from layout 1 to 2/));
  expect(await redis.get(version())).toBe(String(STORAGE_VERSION));
  await store.send("orders", [item()], SETTINGS);
});

test("a read-only replica is not used until it is the primary", async () => {
  const { redis, prefix, server: machine } = at.current;
  const errors: Error[] = [];
  await redis.call("REPLICAOF", "127.0.0.1", "1");
  onTestFinished(async () => void (await machine.cli("REPLICAOF", "NO", "ONE")));
  const server = at.current.openStore({ onError: (error) => errors.push(error) });
  await until("its error", () => errors.some(({ cause }) => /READONLY/.test(String(cause))));
  expect(server.ready).toBe(false);
  await expect(server.send("orders", [item()], SETTINGS)).rejects.toMatchObject({
    kind: "STORE_UNAVAILABLE",
  });
  await redis.call("REPLICAOF", "NO", "ONE");
  await until("the store", () => server.ready || undefined);
  expect(await redis.get(`${prefix}:version`)).toBe(String(STORAGE_VERSION));
});

test("a Redis without an append-only file, or without a limit of memory, causes a warning", async () => {
  expect(await at.current.store.open()).toEqual([
    expect.stringContaining("append-only"),
    expect.stringContaining("maxmemory"),
  ]);
});

describe("a Redis that drops keys when it is full", () => {
  async function setPolicy(policy: string, max: string) {
    const { server } = at.current;
    const set = (name: string, value: string) => server.cli("CONFIG", "SET", name, value);
    await set("maxmemory-policy", policy);
    await set("maxmemory", max);
    onTestFinished(async () => {
      await set("maxmemory", "0");
      await set("maxmemory-policy", "noeviction");
    });
  }

  test.each([
    ["allkeys-lru", /messages can be lost/],
    ["volatile-ttl", /repeated sends can be stored twice/],
  ])("is refused: %s", async (policy, harm) => {
    await setPolicy(policy, "1gb");
    const server = at.current.openStore();
    const refused = new Promise<Error>((resolve) => server.onRefused(resolve));
    const error = await refused;
    expect(error).toBeInstanceOf(StoreRefused);
    expect(error.message).toMatch(harm);
    expect(error.message).toMatch(/noeviction.*redis_allow_eviction/);
    await expect(server.send("orders", [item()], SETTINGS)).rejects.toMatchObject({
      kind: "STORE_UNAVAILABLE",
    });
  });

  test("is accepted with a warning, if the setting allows it", async () => {
    await setPolicy("volatile-ttl", "1gb");
    const server = at.current.openStore({ allowEviction: true });
    const warnings = await new Promise((resolve) => server.onReady(resolve));
    expect(warnings).toContainEqual(
      expect.stringContaining("run CONFIG SET maxmemory-policy noeviction"),
    );
  });

  test("does not end a server that runs: it warns, also at its next connection", async () => {
    const changed: (string | undefined)[] = [];
    const server = at.current.openStore({ onEviction: (warning) => changed.push(warning) });
    const refused: Error[] = [];
    server.onRefused((error) => refused.push(error));
    await until("the connection", () => server.ready || undefined);
    await setPolicy("volatile-lru", "1gb");
    await until("the warning", () => changed[0]);
    expect(changed).toEqual([
      expect.stringContaining("run CONFIG SET maxmemory-policy noeviction"),
    ]);
    const warnings = new Promise((resolve) => server.onReady(resolve));
    await at.current.server.cli("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
    expect(await warnings).toContainEqual(
      expect.stringContaining("run CONFIG SET maxmemory-policy noeviction"),
    );
    await server.send("orders", [item()], SETTINGS);
    expect({ refused, changed }).toMatchObject({ refused: [], changed: { length: 1 } });
    expect(server.capacity.eviction).toBe(changed[0]);
    await setPolicy("noeviction", "1gb");
    await until("the end", () => changed.length === 2 || undefined);
    expect({ last: changed[1], now: server.capacity.eviction }).toEqual({
      last: undefined,
      now: undefined,
    });
  });

  test("is accepted without a limit of its memory", async () => {
    await setPolicy("allkeys-lru", "0");
    await expect(at.current.store.open()).resolves.toHaveLength(2);
  });
});
