// A store that is full, forgetful, or throws its callers out.

import { setTimeout as sleep } from "node:timers/promises";
import type { Redis } from "ioredis";
import type { World } from "../rig/world.ts";
import type { FaultKind } from "./kind.ts";

const FULL_MS = 3_000;

export const storeFull: FaultKind = {
  name: "redis-full",
  words: "Redis has no memory left for 3 s: sends are refused, outcomes and deliveries go on",
  touches: ["store"],
  run: ({ world }) =>
    inStore(world, async (redis) => {
      const [, before] = (await redis.config("GET", "maxmemory")) as [string, string];
      const used = Number(/used_memory:(\d+)/.exec(await redis.info("memory"))?.[1]);
      await redis.config("SET", "maxmemory", String(used));
      await sleep(FULL_MS);
      await redis.config("SET", "maxmemory", before);
      return undefined;
    }),
};

export const flushScripts: FaultKind = {
  name: "script-flush",
  words: "SCRIPT FLUSH, five times",
  touches: ["store"],
  run: ({ world }) =>
    inStore(world, async (redis) => {
      for (let n = 0; n < 5; n++) {
        await redis.script("FLUSH");
        await sleep(100);
      }
      return undefined;
    }),
};

export const killStoreClients: FaultKind = {
  name: "client-kill",
  words: "Redis ends all connections of the servers, five times",
  touches: ["store"],
  run: ({ world }) =>
    inStore(world, async (redis) => {
      for (let n = 0; n < 5; n++) {
        await redis.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
        await redis.call("CLIENT", "KILL", "TYPE", "pubsub");
        await sleep(200);
      }
      return undefined;
    }),
};

async function inStore<T>(world: World, use: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = await world.redis();
  try {
    return await use(redis);
  } finally {
    redis.disconnect();
  }
}
