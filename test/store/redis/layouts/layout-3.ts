// Gives the data of this version the form of layout 3, which had the same values under other names.

import type { Redis } from "ioredis";
import {
  baseBeforePartitions,
  queuesBeforePartitions,
} from "../../../../src/store/redis/upgrades/keys-by-partition.ts";
import { listedQueues } from "../../../support/store-dump.ts";

const PAGE = 10_000;

/** Renames all keys of queues as layout 3 named them, lists the queues in one place, and writes its version. */
export async function becomeLayout3(redis: Redis, prefix: string): Promise<void> {
  let cursor = "0";
  do {
    const [next, keys] = await redis.scanBuffer(
      cursor,
      "MATCH",
      `${prefix}:{*/*}:*`,
      "COUNT",
      PAGE,
    );
    const renaming = redis.pipeline();
    for (const key of keys) {
      const name = nameOfLayout3(prefix, key);
      renaming.rename(key, name);
      // Facts that layout 4 keeps for the partition.
      if (name.toString("latin1").match(/\}:meta$/)) renaming.hset(name, { tended: 1, resumed: 0 });
    }
    await renaming.exec();
    cursor = String(next);
  } while (cursor !== "0");
  const queues = await listedQueues(redis, prefix);
  if (queues.length > 0) await redis.sadd(queuesBeforePartitions(prefix), ...queues);
  // Layout 3 had no other keys of partitions.
  await redis.del(...(await redis.keys(`${prefix}:{*}/*`)));
  await redis.set(`${prefix}:version`, "3");
}

function nameOfLayout3(prefix: string, key: Buffer): Buffer {
  const rest = key.toString("latin1").slice(prefix.length);
  const [, queue = "", suffix = ""] = /^:\{[^}]*\}:([^:]*)(.*)$/s.exec(rest) ?? [];
  return Buffer.from(baseBeforePartitions(prefix, queue) + suffix, "latin1");
}
