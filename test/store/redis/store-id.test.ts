// Each deployment has an id of its own: resume tokens and ids of events have it.

import { expect, test } from "vitest";
import { until, useTestStore } from "../../support/store.ts";

const at = useTestStore();

async function openStore(prefix = at.current.prefix) {
  const store = at.current.openStore({ prefix });
  await until("the connection", () => store.ready || undefined);
  return store;
}
const idOf = async (prefix?: string) => (await openStore(prefix)).outbox.storeId;
const stored = (value: string) =>
  at.current.redis.hset(`${at.current.prefix}:history`, { store: value });

test("it has six characters, the same on all servers and after all have ended", async () => {
  const { store } = at.current;
  const id = store.outbox.storeId;
  expect(id).toMatch(/^[0-9a-v]{6}$/);
  expect(await idOf()).toBe(id);
  await store.close();
  expect(await idOf()).toBe(id);
});

test("another prefix has another one", async () => {
  expect(await idOf("other")).not.toBe(at.current.store.outbox.storeId);
});

test("it is another one once the data is lost, also on a server that runs", async () => {
  const { store, redis, prefix } = at.current;
  const id = store.outbox.storeId;
  await redis.del(`${prefix}:history`);
  await store.signOfLife();
  expect(store.outbox.storeId).not.toBe(id);
  expect(await idOf()).toBe(store.outbox.storeId);
});

test.each(["", "abc", "a b-cd", "0123456"])("what is no id is replaced: %j", async (value) => {
  await stored(value);
  expect(await idOf()).toMatch(/^[0-9a-v]{6}$/);
});

test("it is unknown before the store was reached", () => {
  const store = at.current.openStore({ target: { kind: "socket", path: "/nonexistent" } });
  expect(() => store.outbox.storeId).toThrow(
    expect.objectContaining({ kind: "STORE_UNAVAILABLE" }),
  );
});
