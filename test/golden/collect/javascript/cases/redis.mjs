// Clients of Redis: name -> [library, expected reason, how to cause it].

import { Redis } from "ioredis";
import { createClient } from "redis";
import { PORTS } from "../ports.mjs";

/** @param {string} peer @param {object} options @param {(redis: Redis) => unknown} act */
async function withIoredis(peer, options, act) {
  const redis = new Redis({
    port: PORTS[peer],
    host: "127.0.0.1",
    retryStrategy: null,
    ...options,
  });
  redis.on("error", () => {});
  try {
    await act(redis);
  } finally {
    redis.disconnect();
  }
}

async function withNodeRedis(peer, options, act) {
  const socket = { port: PORTS[peer], host: "127.0.0.1", reconnectStrategy: false, ...options };
  const client = createClient({ socket, ...options.client });
  client.on("error", () => {});
  try {
    await client.connect();
    await act(client);
  } finally {
    client.destroy();
  }
}

export const redisClients = {
  "ioredis: refused": [
    "ioredis",
    "NETWORK_ERROR",
    () => withIoredis("closed", { lazyConnect: true }, (redis) => redis.connect()),
  ],
  "ioredis: refused, with retries": [
    "ioredis",
    "NETWORK_ERROR",
    () =>
      withIoredis("closed", { retryStrategy: () => 5, maxRetriesPerRequest: 1 }, (redis) =>
        redis.get("a"),
      ),
  ],
  "ioredis: closed by ourselves": [
    "ioredis",
    "NETWORK_ERROR",
    () =>
      withIoredis("openRedis", {}, async (redis) => {
        await redis.quit();
        await redis.get("a");
      }),
  ],
  "ioredis: no password": [
    "ioredis",
    "AUTHENTICATION_ERROR",
    () => withIoredis("lockedRedis", {}, (redis) => redis.get("a")),
  ],
  "ioredis: not permitted": [
    "ioredis",
    "AUTHENTICATION_ERROR",
    () =>
      withIoredis("lockedRedis", { username: "reader", password: "secret" }, (redis) =>
        redis.set("a", "1"),
      ),
  ],
  "ioredis: out of memory": [
    "ioredis",
    "RESOURCE_EXHAUSTED",
    () => withIoredis("fullRedis", {}, (redis) => redis.set("a", "1")),
  ],
  "ioredis: a wrong kind of key": [
    "ioredis",
    "EXECUTION_FAILED",
    () =>
      withIoredis("openRedis", {}, async (redis) => {
        await redis.del("list");
        await redis.rpush("list", "1");
        await redis.get("list");
      }),
  ],
  "ioredis: no such command": [
    "ioredis",
    "EXECUTION_FAILED",
    () => withIoredis("openRedis", {}, (redis) => redis.call("FROBNICATE")),
  ],
  "ioredis: too slow": [
    "ioredis",
    "TIMEOUT",
    () => withIoredis("openRedis", { commandTimeout: 50 }, (redis) => redis.blpop("none", 1)),
  ],
  "ioredis: connecting too slow": [
    "ioredis",
    "TIMEOUT",
    () =>
      withIoredis("stalled", { lazyConnect: true, connectTimeout: 100 }, (redis) =>
        redis.connect(),
      ),
  ],
  "ioredis: a replica whose primary is down": [
    "ioredis",
    "NETWORK_ERROR",
    () => withIoredis("replicaRedis", { enableReadyCheck: false }, (redis) => redis.get("a")),
  ],
  "ioredis: a replica asked to write": [
    "ioredis",
    "UNKNOWN_ERROR",
    () => withIoredis("replicaRedis", { enableReadyCheck: false }, (redis) => redis.set("a", "1")),
  ],
  "node-redis: refused": ["redis", "NETWORK_ERROR", () => withNodeRedis("closed", {}, () => {})],
  "node-redis: a wrong password": [
    "redis",
    "AUTHENTICATION_ERROR",
    () => withNodeRedis("lockedRedis", { client: { password: "wrong" } }, () => {}),
  ],
  "node-redis: connecting too slow": [
    "redis",
    "TIMEOUT",
    () => withNodeRedis("stalled", { connectTimeout: 100 }, () => {}),
  ],
  "node-redis: hung up": ["redis", "NETWORK_ERROR", () => withNodeRedis("hangsUp", {}, () => {})],
  "node-redis: closed by ourselves": [
    "redis",
    "EXECUTION_FAILED",
    () =>
      withNodeRedis("openRedis", {}, async (client) => {
        await client.close();
        await client.get("a");
      }),
  ],
};
