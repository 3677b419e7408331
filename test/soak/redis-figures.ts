// What is in Redis, counted without stopping it.

import { readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { Redis } from "ioredis";

const PAGE = 1_000;

export interface RedisFigures {
  /** Keys by family: `due`, `states`, `session`; those of the deployment with a slash before. */
  readonly keys: Readonly<Record<string, number>>;
  /** Bytes of all keys but those that keep answers. */
  readonly dataBytes: number;
  /** Bytes that are no key's: clients, buffers, scripts, tables. */
  readonly overheadBytes: number;
  readonly usedBytes: number;
  readonly clients: number;
  /** Requests whose answers are kept. */
  readonly answers: number;
}

/** A connection to the embedded Redis below a data folder. */
export async function connectToRedis(dataDir: string): Promise<Redis> {
  const names = await readdir(dataDir, { recursive: true });
  const socket = names.find((name) => basename(name) === "redis.sock");
  if (socket === undefined) throw new Error(`no socket of a Redis below ${dataDir}`);
  const redis = new Redis({ path: join(dataDir, socket), protocol: 2 });
  redis.on("error", () => {}); // calls tell
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
      // Answers are many in few keys: counting their bytes would hold Redis up.
      if (family === ANSWERS) pipeline.hlen(key);
      else pipeline.call("MEMORY", "USAGE", key, "SAMPLES", "0");
    }
    const replies = (await pipeline.exec()) ?? [];
    page.forEach((key, index) => {
      const value = Number(replies[index]?.[1] ?? 0); // none: it has expired
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

/** Bytes of the kept answers. Holds Redis up for a moment: only while nobody measures. */
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

/** `dlq:{orders}:states:7` is of the family `states`, `dlq:nodes` of `/nodes`. */
export function familyOf(key: string): string {
  const ofQueue = /^[^:{]+:\{[^}]*\}:([^:]+)/.exec(key);
  if (ofQueue) return ofQueue[1] ?? "";
  return `/${key.split(":")[1] ?? key}`;
}

/** Each key once: SCAN itself may give one twice. */
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
