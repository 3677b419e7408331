import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestRedis, type TestRedis } from "../../support/redis.ts";
import { until, useTestStore } from "../../support/store.ts";
import { item, only, SETTINGS } from "../../support/store-items.ts";

const at = useTestStore({ port: true });
let replica: TestRedis;

beforeAll(async () => {
  replica = await startTestRedis({ appendonly: false, port: true });
});
afterAll(() => replica.stop());

test("a send that too few replicas have is unavailable, and its next try waits for them", async () => {
  const { server, store: plain } = at.current;
  await server.cli("config", "set", "repl-diskless-sync-delay", "0");
  const store = at.current.openStore({ waitReplicas: 1, timeoutMs: 300 });
  await until("the connection", () => store.ready || undefined);
  const sent = item({ requestId: "one" });
  await expect(store.send("orders", [sent], SETTINGS)).rejects.toMatchObject({
    kind: "STORE_UNAVAILABLE",
  });

  await replica.cli("replicaof", "127.0.0.1", String(server.port));
  await until("the replica's link", async () => {
    const info = await replica.cli("info", "replication");
    return info.includes("master_link_status:up") || undefined;
  });

  expect(only(await store.send("orders", [sent], SETTINGS))).toMatchObject({ status: "stored" });
  expect(only(await plain.stats(["orders"]))).toMatchObject({ scheduled: 1 });
});
