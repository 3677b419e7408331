// Faults of Redis: full memory, lost scripts, closed connections.

import { setTimeout as sleep } from "node:timers/promises";
import type { Redis } from "ioredis";
import type { Environment } from "../rig/environment.ts";
import type { FaultKind } from "./kind.ts";
import { keepFull } from "./refusals.ts";

const FULL_MS = 3_000;

export const storeFull: FaultKind = {
  name: "redis-full",
  words: "Redis has no memory left for 3 s: sends are refused, outcomes and deliveries continue",
  touches: ["store"],
  run: ({ environment, crew }) =>
    inStore(environment, async (redis) => {
      const [, before] = (await redis.config("GET", "maxmemory")) as [string, string];
      const fill = async () => {
        const used = await infoOf(redis, "memory", "used_memory");
        await redis.config("SET", "maxmemory", String(used));
      };
      try {
        return await keepFull(crew.seen, FULL_MS, fill);
      } finally {
        await redis.config("SET", "maxmemory", before);
      }
    }),
};

export const flushScripts: FaultKind = {
  name: "script-flush",
  words: "SCRIPT FLUSH, five times",
  touches: ["store"],
  run: ({ environment }) =>
    inStore(environment, async (redis) => {
      let scripts = 0;
      for (let n = 0; n < 5; n++) {
        scripts += await infoOf(redis, "memory", "number_of_cached_scripts");
        await redis.script("FLUSH");
        await sleep(100);
      }
      if (scripts === 0) throw new Error("Redis had no scripts to flush");
      return `${scripts} scripts forgotten`;
    }),
};

export const killStoreClients: FaultKind = {
  name: "client-kill",
  words: "Redis closes all connections of the servers, five times",
  touches: ["store"],
  run: ({ environment }) =>
    inStore(environment, async (redis) => {
      let ended = 0;
      for (let n = 0; n < 5; n++) {
        ended += Number(await redis.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"));
        ended += Number(await redis.call("CLIENT", "KILL", "TYPE", "pubsub"));
        await sleep(200);
      }
      if (ended < environment.servers.length)
        throw new Error(`only ${ended} connections were closed`);
      return `${ended} connections`;
    }),
};

/** A number from INFO. */
async function infoOf(redis: Redis, section: string, name: string): Promise<number> {
  const text = new RegExp(`^${name}:(\\d+)`, "m").exec(await redis.info(section))?.[1];
  if (text === undefined) throw new Error(`Redis reports no ${name}`);
  return Number(text);
}

async function inStore<T>(environment: Environment, use: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = await environment.redis();
  try {
    return await use(redis);
  } finally {
    redis.disconnect();
  }
}
