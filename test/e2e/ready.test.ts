// What `/readyz` says about a Redis that cannot be used.

import { expect, onTestFinished, test, vi } from "vitest";
import { startTestRedis } from "../support/redis.ts";
import { startTestServer } from "../support/server.ts";

/** Only a failing test waits for so long. */
const WAIT = { timeout: 60_000, interval: 20 };

async function start() {
  const redis = await startTestRedis();
  onTestFinished(() => redis.stop());
  const server = await startTestServer({ redisUrl: redis.url });
  onTestFinished(() => server.stop());
  const says = (text: string) =>
    vi.waitFor(async () => {
      const response = await fetch(`http://${server.httpAddress}/readyz`);
      expect(await response.text()).toBe(`${text}\n`);
    }, WAIT);
  await says("ready");
  return { redis, server, says };
}

test("one that is down, loads its data, and is back", async () => {
  const { redis, says } = await start();
  await redis.cli("EVAL", "for n = 1, 20000 do redis.call('SET', n, n) end", "0");
  await redis.kill9();
  await says("not ready: Redis does not answer (ECONNREFUSED); see its log and the network to it");
  // Loads for some seconds, and answers after every 1,024 keys.
  const loading = redis.restart(["--key-load-delay", "200"]);
  await says("not ready: Redis is loading its data; wait");
  await loading;
  await says("ready");
});

test("one that hangs", async () => {
  const { redis, says } = await start();
  redis.pause();
  await says("not ready: Redis does not answer (timeout); see its log and the network to it");
  redis.resume();
  await says("ready");
});

test("one whose policy begins to drop keys, until it is right again", async () => {
  const { redis, server, says } = await start();
  const harm = "Redis drops keys when its memory is full (maxmemory-policy allkeys-lru)";
  await redis.cli("CONFIG", "SET", "maxmemory", "1gb", "maxmemory-policy", "allkeys-lru");
  await says(`ready; ${harm}: messages can be lost; run CONFIG SET maxmemory-policy noeviction`);
  await redis.cli("CONFIG", "SET", "maxmemory-policy", "noeviction");
  await says("ready");
  const lines = server.logs.map(({ msg }) => `${msg}`).filter((msg) => /drops keys/.test(msg));
  expect(lines).toEqual([
    `${harm}: messages can be lost; run CONFIG SET maxmemory-policy noeviction`,
    "Redis no longer drops keys when its memory is full",
  ]);
});

test("one that wants a password", async () => {
  const { redis, says } = await start();
  await redis.cli("CONFIG", "SET", "requirepass", "secret");
  await redis.cli("-a", "secret", "CLIENT", "KILL", "TYPE", "normal");
  await says("not ready: Redis refuses this server (NOAUTH); see the log");
});
