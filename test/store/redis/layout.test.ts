import { expect, test } from "vitest";
import { LAYOUT_VERSION, LayoutError } from "../../../src/store/redis/layout.ts";
import { until, useTestStore } from "../../support/store.ts";
import { item, SETTINGS } from "../../support/store-items.ts";

const at = useTestStore();
const version = () => `${at.current.prefix}:version`;

test("the first server writes the layout's version, later ones accept it", async () => {
  const { store, redis } = at.current;
  await store.open();
  expect(await redis.get(version())).toBe(String(LAYOUT_VERSION));
  const second = at.current.openStore();
  await until("the connection", () => second.ready || undefined);
  await second.open();
});

test("data of a newer server is refused, and left alone", async () => {
  const { store, redis } = at.current;
  await redis.set(version(), LAYOUT_VERSION + 1);
  await expect(store.open()).rejects.toThrow(LayoutError);
  await expect(store.open()).rejects.toThrow(/newer server.*--redis-prefix/);
  expect(await redis.get(version())).toBe(String(LAYOUT_VERSION + 1));
});

test("data of layout 1 is taken over, so that its servers refuse it from then on", async () => {
  const { store, redis } = at.current;
  await redis.set(version(), 1);
  await store.open();
  expect(await redis.get(version())).toBe("2");
});

test("nothing is read or written before the layout is known to fit", async () => {
  const { redis } = at.current;
  await redis.set(version(), LAYOUT_VERSION + 1);
  const server = at.current.openStore();
  const refused = await new Promise<LayoutError>((resolve) => server.onRefused(resolve));
  expect(refused.message).toMatch(/newer server/);
  await expect(server.send("orders", [item()], SETTINGS)).rejects.toMatchObject({
    kind: "STORE_UNAVAILABLE",
  });
  expect(server.ready).toBe(false);
  expect(await redis.keys(`${at.current.prefix}:{*`)).toEqual([]);
});

test("a key of another program in its place is refused, too", async () => {
  await at.current.redis.set(version(), "v1.2");
  await expect(at.current.store.open()).rejects.toThrow(/another program/);
});

test("settings that could lose messages are warned of", async () => {
  const { store, redis } = at.current;
  expect(await store.open()).toEqual([expect.stringContaining("append-only")]);
  await redis.config("SET", "maxmemory-policy", "allkeys-lru");
  await redis.config("SET", "maxmemory", "1gb");
  expect(await store.open()).toContainEqual(expect.stringContaining("noeviction"));
  await redis.config("SET", "maxmemory", "0");
  await redis.config("SET", "maxmemory-policy", "noeviction");
});
