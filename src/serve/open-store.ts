import { randomBytes } from "node:crypto";
import { resolve } from "node:path";
import type { Logger } from "pino";
import type { Config } from "../config/config.ts";
import type { Metrics } from "../observe/metrics.ts";
import { type EmbeddedRedis, startEmbeddedRedis } from "../store/embedded/embedded.ts";
import type { RedisTarget } from "../store/redis/connection.ts";
import { LayoutWait } from "../store/redis/layout.ts";
import { RedisStore } from "../store/redis/redis-store.ts";
import { redisServerPath } from "./redis-server-path.ts";

export interface OpenedStore {
  store: RedisStore;
  /** Undefined with an external Redis. */
  embedded: EmbeddedRedis | undefined;
  /** For people: where the messages are. */
  where: string;
  close(): Promise<void>;
}

/** Connects to the configured Redis, or starts one in the data folder where none is configured. */
export async function openStore(
  config: Config,
  log: Logger,
  metrics: Metrics,
): Promise<OpenedStore> {
  const external = externalTarget(config);
  const embedded = external === undefined ? await startEmbedded(config, log) : undefined;
  const target = external ?? { kind: "socket", path: (embedded as EmbeddedRedis).socketPath };
  const named = new Set(config.configuredQueues);
  const store: RedisStore = new RedisStore({
    target,
    timeoutMs: config.redisTimeoutMs,
    prefix: config.redisPrefix,
    // Of this process alone: a restarted one must not be held back by the fences of the last.
    nodeId: `${config.nodeId}-${randomBytes(4).toString("hex")}`,
    journalMax: config.journalMaxEntries,
    compressMinBytes: config.storeCompressMinBytes,
    expiryGraceMs: config.expiryGraceMaxMs,
    maxQueues: config.maxQueues,
    mayCreate: (queue) =>
      config.queueCreation === "open" || named.has(queue) || store.configs.get(queue) !== undefined,
    waitReplicas: config.redisWaitReplicas,
    diskIsLow: () => embedded?.diskIsLow() ?? false,
    observe: (script, ms, error) => metrics.store(script, ms, error),
    onError: createErrorLog(log),
  });
  return {
    store,
    embedded,
    where:
      external === undefined
        ? `${resolve(config.dataDir)} (embedded Redis)`
        : describeTarget(external),
    async close() {
      await store.close();
      await embedded?.stop();
    },
  };
}

function externalTarget(config: Config): RedisTarget | undefined {
  if (config.redisUrl !== undefined) return { kind: "url", url: config.redisUrl };
  if (config.redisSentinels.length === 0) return undefined;
  return {
    kind: "sentinels",
    sentinels: config.redisSentinels,
    name: config.redisSentinelName ?? "",
    sentinelPassword: config.redisSentinelPassword,
    username: config.redisUsername,
    password: config.redisPassword,
  };
}

function startEmbedded(config: Config, log: Logger): Promise<EmbeddedRedis> {
  return startEmbeddedRedis({
    dataDir: config.dataDir,
    serverPath: redisServerPath(config.redisServer),
    diskLowBytes: config.diskLowBytes,
    log,
    ...(config.redisMaxMemoryBytes > 0 ? { maxMemoryBytes: config.redisMaxMemoryBytes } : {}),
  });
}

/** Without user and password. */
function describeTarget(target: RedisTarget): string {
  switch (target.kind) {
    case "url":
      return target.url.replace(/\/\/[^@/]*@/, "//");
    case "sentinels":
      return `Redis "${target.name}" by its Sentinels`;
    case "socket":
      return target.path;
  }
}

const SAME_ERROR_AGAIN_MS = 10_000;

/** A store that is away fails many times a second: one line says it, and another now and then. */
function createErrorLog(log: Logger): (error: Error) => void {
  let lastAt = Number.NEGATIVE_INFINITY;
  return (error) => {
    const now = performance.now();
    if (now - lastAt < SAME_ERROR_AGAIN_MS) return;
    lastAt = now;
    // The words of a DlqError are for callers; what happened is its cause.
    const cause = error.cause instanceof Error ? error.cause : error;
    const isThere = error instanceof LayoutWait;
    const words = isThere
      ? "the store can't be used yet"
      : "the store can't be reached; trying again";
    log.warn({ error: cause.message }, words);
  };
}
