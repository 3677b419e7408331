// Counts the contents of Redis without blocking it.

import { readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { Redis } from "ioredis";

const PAGE = 1_000;

export interface RedisFigures {
  /** Family -> number of keys: `due`, `states`, `session`. Keys of the deployment start with a slash. */
  readonly keys: Readonly<Record<string, number>>;
  /** Bytes of all keys except stored answers. */
  readonly dataBytes: number;
  /** Bytes of clients, buffers, scripts and tables. */
  readonly overheadBytes: number;
  readonly usedBytes: number;
  readonly clients: number;
  /** Number of stored answers to requests. */
  readonly answers: number;
}

/** A connection to the embedded Redis below a data folder. */
export async function connectToRedis(dataDir: string): Promise<Redis> {
  const names = await readdir(dataDir, { recursive: true });
  const socket = names.find((name) => basename(name) === "redis.sock");
  if (socket === undefined) throw new Error(`no Redis socket in ${dataDir}`);
  const redis = new Redis({ path: join(dataDir, socket), protocol: 2 });
  redis.on("error", () => {}); // calls report the error
  return redis;
}

export async function redisFigures(redis: Redis): Promise<RedisFigures> {
  const keys: Record<string, number> = {};
  let dataBytes = 0;
  let answers = 0;
  for await (const page of pages(redis)) {
    const pipeline = redis.pipeline();
    for (const key of page) {
      const family = familyOf(key.toString("latin1"));
      keys[family] = (keys[family] ?? 0) + 1;
      // Many answers are in few keys: counting their bytes would block Redis.
      if (family === ANSWERS) pipeline.hlen(key);
      else pipeline.call("MEMORY", "USAGE", key, "SAMPLES", "0");
    }
    const replies = (await pipeline.exec()) ?? [];
    page.forEach((key, index) => {
      const value = Number(replies[index]?.[1] ?? 0); // none if the key has expired
      if (familyOf(key.toString("latin1")) === ANSWERS) answers += value;
      else dataBytes += value;
    });
  }
  const info = await redis.info();
  const field = (name: string) => Number(new RegExp(`^${name}:(\\d+)`, "m").exec(info)?.[1] ?? 0);
  return {
    keys,
    dataBytes,
    overheadBytes: field("used_memory_overhead"),
    usedBytes: field("used_memory"),
    clients: field("connected_clients"),
    answers,
  };
}

/** Bytes of the stored answers. Blocks Redis for a moment, so it is not for times of measurement. */
export async function answersBytes(redis: Redis): Promise<number> {
  let bytes = 0;
  for await (const page of pages(redis)) {
    for (const key of page) {
      if (familyOf(key.toString("latin1")) !== ANSWERS) continue;
      bytes += Number(await redis.call("MEMORY", "USAGE", key, "SAMPLES", "0"));
    }
  }
  return bytes;
}

export const ANSWERS = "answers";

/** `dlq:{1c/0b}:orders:states:7` is of the family `states`, `dlq:nodes` of `/nodes`. */
export function familyOf(key: string): string {
  const ofQueue = /^[^:{]+:\{[^}]*\}:[^:]+:([^:]+)/.exec(key);
  if (ofQueue) return ofQueue[1] ?? "";
  return `/${key.split(":")[1] ?? key}`;
}

/** Yields each key once. SCAN may return a key twice. */
async function* pages(redis: Redis): AsyncGenerator<Buffer[]> {
  const seen = new Set<string>();
  const isNew = (key: Buffer) => {
    const name = key.toString("latin1");
    return !seen.has(name) && seen.add(name) !== undefined;
  };
  let cursor = "0";
  do {
    const [next, keys] = (await redis.callBuffer("SCAN", cursor, "COUNT", String(PAGE))) as [
      Buffer,
      Buffer[],
    ];
    cursor = next.toString();
    const fresh = keys.filter(isNew);
    if (fresh.length > 0) yield fresh;
  } while (cursor !== "0");
}
