// Links to Redis that stop without an error, as when a machine or a route is gone.

import { afterEach, beforeEach, onTestFinished, test } from "vitest";
import { RedisStore } from "../../../src/store/redis/redis-store.ts";
import { LinkProxy } from "../../support/link-proxy.ts";
import { startTestRedis, type TestRedis } from "../../support/redis.ts";
import { item, SETTINGS } from "../../support/store-items.ts";
import { until } from "../../support/until.ts";

const DEADLINE_MS = 300;
const PING_MS = 100;

let redis: TestRedis;
let link: LinkProxy;
beforeEach(async () => {
  redis = await startTestRedis({ appendonly: false });
  link = await LinkProxy.open(() => [{ path: redis.socketPath }]);
});
afterEach(async () => {
  await link.close();
  await redis.stop();
});

async function openStore(timeoutMs = DEADLINE_MS): Promise<RedisStore> {
  const store = new RedisStore({
    target: { kind: "url", url: `redis://${link.address}` },
    prefix: "dlq",
    nodeId: "node",
    timeoutMs,
    outboxMaxBytes: 1_000_000,
    expiryGraceMs: 0,
    maxQueues: 10_000,
    compressMinBytes: 0,
    pingMs: PING_MS,
  });
  onTestFinished(() => store.close());
  await until("the connection", () => store.ready || undefined);
  return store;
}

/** Each message is the first of its queue, which sends a wake-up. */
let queues = 0;
const accepted = (store: RedisStore) => () =>
  store.send(`orders-${++queues}`, [item()], SETTINGS).then(
    () => true as const,
    () => undefined,
  );

test("a connection that gets no answer in its handshake is replaced", async () => {
  const store = await openStore();
  link.reset();
  link.set({ blackhole: true }, ["down"]);
  const before = link.lostBytes;
  await until("a handshake to vanish", () => link.lostBytes > before || undefined);
  link.clear();
  await until("sends to be accepted again", accepted(store));
});

test("a slow link within the deadline is used", async () => {
  // One way; both ways take half of the deadline.
  link.set({ latencyMs: DEADLINE_MS / 2 });
  const store = await openStore(2 * DEADLINE_MS);
  await until("sends to be accepted", accepted(store));
});

test("hints work again after their connection got no answers", async () => {
  const store = await openStore();
  let hints = 0;
  store.hints.onWake(() => hints++);
  const hint = () => {
    const before = hints;
    return until("a hint", async () => {
      await accepted(store)();
      return hints > before || undefined;
    });
  };
  await hint();
  link.set({ blackhole: true });
  const before = link.lostBytes;
  await until("a ping to vanish", () => link.lostBytes > before || undefined);
  link.clear();
  await hint();
});
