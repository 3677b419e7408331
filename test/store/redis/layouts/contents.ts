// What an upgrade from layout 3 must not change.

import type { ChainableCommander, Redis } from "ioredis";
import { allPartitionKeys, queueBase } from "../../../../src/store/redis/keys.ts";
import { settingsBeforePartitions } from "../../../../src/store/redis/upgrades/settings-by-partition.ts";

/** Fields of `meta` that are the partition's in layout 4, and of settings that only layout 4 has. */
const OF_ONE_LAYOUT = ["tended", "resumed", "shortened", "/"];
/** Keys of servers, and those whose content layout 4 has elsewhere. */
const LEFT_OUT = /^:(version|upgrade|history|nodes|clock|queues|configs|worker-queues:.*)$/s;

/** The values and ends of keys. */
export type Contents = ReadonlyMap<string, { readonly endsAtMs: unknown; readonly value: unknown }>;

/** Returns all keys of layout 3 or 4 but those of servers and partitions, by their names in layout 4. */
export async function contentsByName(redis: Redis, prefix: string): Promise<Contents> {
  const found = (await redis.keysBuffer(`${prefix}:*`)).flatMap((key) => readKey(prefix, key));
  const typing = redis.pipeline();
  for (const { key } of found) typing.type(key);
  const types = await replies(typing);
  const reading = redis.pipeline();
  found.forEach(({ key }, n) => {
    reading.pexpiretime(key);
    // Redis changes the order of its own dumps of hashes.
    if (types[n] === "hash") reading.callBuffer("HGETALL", key);
    else if (types[n] === "set") reading.callBuffer("SMEMBERS", key);
    else reading.dumpBuffer(key);
  });
  const values = await replies(reading);
  const contents = new Map<string, { endsAtMs: unknown; value: unknown }>();
  found.forEach(({ name, isMeta }, n) => {
    const value = readable(types[n], values[2 * n + 1], isMeta ? OF_ONE_LAYOUT : []);
    if (value.length > 0) contents.set(name, { endsAtMs: values[2 * n], value });
  });
  contents.set("settings", { endsAtMs: -1, value: await settingsOf(redis, prefix) });
  return contents;
}

/** The settings of queues, from the one hash of layout 3 and those of the partitions. */
async function settingsOf(redis: Redis, prefix: string): Promise<string[]> {
  const reading = redis.pipeline();
  const hashes = [settingsBeforePartitions(prefix), ...allPartitionKeys(prefix, "settings")];
  for (const key of hashes) reading.callBuffer("HGETALL", key);
  // The field without a name has the latest changes.
  return (await replies(reading)).flatMap((hash) => readable("hash", hash, ["", "/"])).toSorted();
}

async function replies(pipeline: ChainableCommander): Promise<unknown[]> {
  return ((await pipeline.exec()) ?? []).map(([error, reply]) => {
    if (error) throw error;
    return reply;
  });
}

interface FoundKey {
  readonly key: Buffer;
  /** In layout 4, one character a byte. */
  readonly name: string;
  readonly isMeta: boolean;
}

/** Empty: the key is left out. */
function readKey(prefix: string, key: Buffer): FoundKey[] {
  const name = key.toString("latin1");
  const rest = name.slice(prefix.length);
  // Of layout 3, or of layout 4: `:{QUEUE}SUFFIX`, or `:{TAG}:QUEUESUFFIX`.
  const [, , queue, suffix] =
    /^:\{()([^}/]*)\}(:.*)$/s.exec(rest) ?? /^:\{([^}/]*\/[^}]*)\}:([^:]*)(:.*)$/s.exec(rest) ?? [];
  if (queue === undefined || suffix === undefined) {
    const isLeftOut = LEFT_OUT.test(rest) || rest.includes("}/");
    return isLeftOut ? [] : [{ key, name, isMeta: rest === ":deployment" }];
  }
  if (suffix === ":workers" || suffix === ":journal") return [];
  return [{ key, name: queueBase(prefix, queue) + suffix, isMeta: suffix === ":meta" }];
}

/** A dump, or the sorted entries. */
function readable(type: unknown, value: unknown, without: readonly string[]) {
  if (Buffer.isBuffer(value)) return value.toString("base64");
  const parts = (value as Buffer[]).map((part) => part.toString("latin1"));
  if (type === "set") return parts.toSorted();
  const fields = parts.flatMap((field, n) =>
    n % 2 === 0 && !without.includes(field) ? [`${field} ${parts[n + 1]}`] : [],
  );
  return fields.toSorted();
}
