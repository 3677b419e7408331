import { once } from "node:events";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Redis } from "ioredis";
import type { TailOptions } from "../cli/cli.ts";
import type { Config } from "../config/config.ts";
import type { OutboxItem } from "../store/contract/outbox.ts";
import { socketFolder } from "../store/embedded/socket-folder.ts";
import { globalKeys } from "../store/redis/keys.ts";
import { OutboxReader } from "../store/redis/outbox-reader.ts";
import { PARTITIONS, partitionOf } from "../store/redis/partitions.ts";
import { closeRedis, createRedis, type RedisTarget } from "../store/redis/redis-client.ts";
import { STORAGE_VERSION } from "../store/redis/storage-version.ts";
import { liveRedisTls } from "./live-secrets.ts";
import { describeTarget, externalTarget } from "./open-store.ts";
import { OutboxRedaction } from "./outbox-redaction.ts";
import { ReloadedFiles } from "./reloaded-files.ts";

/** Changes that are shown first. */
const LAST = 20;
const FOLLOW_MS = 500;

/** Shows state changes from the outboxes. Only reads, beside running servers. Rejects if Redis cannot be reached. */
export async function tailOutbox(config: Config, options: TailOptions): Promise<void> {
  const target = await targetOf(config);
  const redis = createRedis(target, "dlq-outbox", config.redisTimeoutMs);
  try {
    await connected(redis, target, config.redisTimeoutMs);
    await checkLayout(redis, config);
    const { queue } = options;
    const partitions = queue === undefined ? [...Array(PARTITIONS).keys()] : [partitionOf(queue)];
    const reader = new OutboxReader(redis, config.redisPrefix, partitions);
    await show(reader, new OutboxRedaction(redis, config), options);
  } finally {
    await closeRedis(redis);
  }
}

async function show(
  reader: OutboxReader,
  redaction: OutboxRedaction,
  options: TailOptions,
): Promise<void> {
  const { queue, all, follow, show } = options;
  const isWanted = (item: OutboxItem) =>
    queue === undefined || !("queue" in item) || item.queue === queue;
  if (!all) {
    const latest = await reader.latest(LAST, isWanted);
    for (const item of await redaction.shown(latest)) show(item);
    if (latest.length === 0)
      options.warn(`no state change${queue ? ` of ${queue}` : ""} is stored`);
  }
  let isLost = false;
  for (;;) {
    try {
      const items = await reader.next();
      isLost = false;
      for (const item of await redaction.shown(items.filter(isWanted))) show(item);
      if (items.length > 0) continue;
      if (!follow) return;
    } catch (error) {
      if (!follow) throw error;
      if (!isLost) options.warn(`Redis does not answer: ${(error as Error).message}; retrying`);
      isLost = true;
    }
    await sleep(FOLLOW_MS);
  }
}

/** Rejects if there is no connection in time. */
async function connected(redis: Redis, target: RedisTarget, timeoutMs: number): Promise<void> {
  let problem = "no answer";
  redis.on("error", (error) => {
    problem = error.message;
  });
  if (redis.status === "ready") return;
  const ready = once(redis, "ready", { signal: AbortSignal.timeout(timeoutMs) });
  await ready.catch(() => {
    const hint =
      target.kind === "socket"
        ? "; start the server with this data-dir first, or name an external Redis with --redis-url"
        : "";
    throw new Error(`Redis cannot be reached at ${describeTarget(target)}: ${problem}${hint}`);
  });
}

/** Other layouts have no outbox, or another one. */
async function checkLayout(redis: Redis, config: Config): Promise<void> {
  const found = await redis.get(globalKeys(config.redisPrefix).version);
  if (found === String(STORAGE_VERSION)) return;
  const what = found === null ? "no data" : `data of layout ${found}`;
  throw new Error(
    `there is ${what} under the prefix "${config.redisPrefix}"; this command reads layout ${STORAGE_VERSION}`,
  );
}

async function targetOf(config: Config): Promise<RedisTarget> {
  const files = new ReloadedFiles({ log: { info() {}, warn() {} } });
  const external = externalTarget(config, await liveRedisTls(config, files));
  if (external !== undefined) return external;
  return { kind: "socket", path: join(await socketFolder(resolve(config.dataDir)), "redis.sock") };
}
