import { afterAll, afterEach, beforeAll, expect, onTestFinished, test } from "vitest";
import type { SendItem } from "../../../src/store/contract.ts";
import { Connection } from "../../../src/store/redis/connection.ts";
import type { RedisTarget } from "../../../src/store/redis/redis-client.ts";
import type { RedisStore } from "../../../src/store/redis/redis-store.ts";
import { Replication } from "../../../src/store/redis/replication.ts";
import { startTestRedis, type TestRedis } from "../../support/redis.ts";
import { until, useTestStore } from "../../support/store.ts";
import { item, only, SETTINGS } from "../../support/store-items.ts";

const at = useTestStore({ port: true });
let replica: TestRedis;
const UNAVAILABLE = { kind: "STORE_UNAVAILABLE" };

beforeAll(async () => {
  replica = await startTestRedis({ appendonly: false, port: true });
});
afterAll(() => replica.stop());
afterEach(() => replica.resume());

async function follow(server: TestRedis): Promise<void> {
  await server.cli("config", "set", "repl-diskless-sync-delay", "0");
  await replica.cli("replicaof", "127.0.0.1", String(server.port));
  await until("the replica's link", async () => {
    const info = await replica.cli("info", "replication");
    return info.includes("master_link_status:up") || undefined;
  });
}

/** A replica counts after its first acknowledgment, within a second after it has connected. */
const stored = (store: RedisStore, sent: SendItem) =>
  until("the replica", () => store.send("orders", [sent], SETTINGS).then(only, () => undefined));

const hasWaited = async (server: TestRedis) =>
  (await server.cli("info", "commandstats")).includes("cmdstat_wait:");

async function openStore(timeoutMs: number): Promise<RedisStore> {
  const store = at.current.openStore({ waitReplicas: 1, timeoutMs });
  await until("the connection", () => store.ready || undefined);
  return store;
}

test("a send that too few replicas have is unavailable, and its next try waits for them", async () => {
  const { server, store: plain } = at.current;
  const store = await openStore(300);
  const sent = item({ requestId: "one" });
  await expect(store.send("orders", [sent], SETTINGS)).rejects.toMatchObject(UNAVAILABLE);

  await follow(server);
  expect(await stored(store, sent)).toMatchObject({ status: "stored" });
  expect(only(await plain.stats(["orders"]))).toMatchObject({ scheduled: 1 });
});

test("a send that was answered on an earlier connection waits for the replicas on the next one", async () => {
  const { server, redis } = at.current;
  await follow(server);
  const store = await openStore(300);
  replica.pause();
  const sent = item({ requestId: "one" });
  await expect(store.send("orders", [sent], SETTINGS)).rejects.toMatchObject(UNAVAILABLE);
  const lost = new Promise<void>((resolve) => store.onLost(resolve));
  await redis.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
  await lost;
  await until("the next connection", () => store.ready || undefined);

  await expect(store.send("orders", [sent], SETTINGS)).rejects.toMatchObject(UNAVAILABLE);
  replica.resume();
  expect(await stored(store, sent)).toMatchObject({ status: "stored" });
});

test("other calls do not wait behind a send that waits for a replica", async () => {
  const { server } = at.current;
  await follow(server);
  const store = await openStore(2_000);
  replica.pause();
  const ended: string[] = [];
  const send = store.send("orders", [item()], SETTINGS).catch(() => ended.push("send"));
  // Stored, and waiting.
  const { store: plain } = at.current;
  await until("it to be stored", async () => {
    const [stats] = await plain.stats(["orders"]);
    return stats?.scheduled === 1 || undefined;
  });
  await store.stats(["orders"]);
  ended.push("stats");
  await send;
  expect(ended).toEqual(["stats", "send"]);
});

test("a server without the writes confirms nothing", async () => {
  const target = (path: string): RedisTarget => ({ kind: "socket", path });
  const own = target(at.current.server.socketPath);
  const connection = new Connection({ target: own, timeoutMs: 1_000 });
  onTestFinished(() => connection.close());
  await until("the connection", () => connection.ready || undefined);
  const replicationOf = (of: RedisTarget) => {
    const parts = { prefix: "dlq", nodeId: "node", replicas: 0, roundMs: 500, timeoutMs: 1_000 };
    const replication = new Replication({ connection, target: of, ...parts, onError: () => {} });
    onTestFinished(() => replication.close());
    return replication;
  };
  await replica.cli("replicaof", "no", "one");
  const same = replicationOf(own);
  await until("its connection", async () => (await same.confirm()) || undefined);
  const other = replicationOf(target(replica.socketPath));
  await until("a round", async () => {
    expect(await other.confirm()).toBe(false);
    return (await hasWaited(replica)) || undefined;
  });
});

test("writes on a lost connection are not confirmed", async () => {
  const { server, redis } = at.current;
  await follow(server);
  const target: RedisTarget = { kind: "socket", path: server.socketPath };
  const timing = { roundMs: 5_000, timeoutMs: 10_000 };
  const connection = new Connection({ target, timeoutMs: timing.timeoutMs });
  onTestFinished(() => connection.close());
  const parts = { connection, target, prefix: "dlq", nodeId: "node", replicas: 1, ...timing };
  const replication = new Replication({ ...parts, onError: () => {} });
  onTestFinished(() => replication.close());
  const confirmed = () => replication.confirm().catch(() => undefined);
  await until("a round", async () => (await confirmed()) || undefined);

  replica.pause();
  const running = confirmed();
  const next = confirmed();
  const id = await connection.redis.client("ID");
  await redis.call("CLIENT", "KILL", "ID", String(id));
  await until("the next connection", async () => {
    const now = await connection.redis.client("ID").catch(() => id);
    return now !== id || undefined;
  });
  replica.resume();
  // False or an error: the mark was being written when the socket was lost.
  expect(await Promise.all([running, next])).not.toContain(true);
  // On the new connection.
  await until("a round on it", async () => (await confirmed()) || undefined);
});
