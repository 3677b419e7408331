import { randomBytes } from "node:crypto";
import { resolve } from "node:path";
import type { Logger } from "pino";
import { neededUntilMs } from "../app/queues/past-redact.ts";
import type { Config } from "../config/config.ts";
import type { Metrics } from "../observe/metrics.ts";
import type { StoredRecord } from "../store/contract.ts";
import { type EmbeddedRedis, startEmbeddedRedis } from "../store/embedded/embedded.ts";
import { DamagedOutbox } from "../store/redis/damaged-outbox.ts";
import type { RedisTarget, RedisTls } from "../store/redis/redis-client.ts";
import { RedisStore } from "../store/redis/redis-store.ts";
import { LayoutWait } from "../store/redis/storage-version.ts";
import { liveRedisTls } from "./live-secrets.ts";
import { redisServerPath } from "./redis-server-path.ts";
import type { ReloadedFiles } from "./reloaded-files.ts";

export interface OpenedStore {
  store: RedisStore;
  /** Undefined with an external Redis. */
  embedded: EmbeddedRedis | undefined;
  /** For people: the place of the data. */
  where: string;
  close(): Promise<void>;
}

/** Connects to the configured Redis, or starts an embedded one. */
export async function openStore(
  config: Config,
  log: Logger,
  metrics: Metrics,
  files: ReloadedFiles,
): Promise<OpenedStore> {
  const external = externalTarget(config, await liveRedisTls(config, files));
  const embedded = external === undefined ? await startEmbedded(config, log) : undefined;
  const target = external ?? { kind: "socket", path: (embedded as EmbeddedRedis).socketPath };
  const named = new Set(config.configuredQueues);
  const store: RedisStore = new RedisStore({
    target,
    timeoutMs: config.redisTimeoutMs,
    prefix: config.redisPrefix,
    // Unique for this process: fences of an earlier process must not block it.
    nodeId: `${config.nodeId}-${randomBytes(4).toString("hex")}`,
    outboxMaxBytes: config.outboxMaxBytes,
    compressMinBytes: config.storeCompressMinBytes,
    expiryGraceMs: config.expiryGraceMaxMs,
    maxQueues: config.maxQueues,
    mayCreate: (queue) =>
      config.queueCreation === "open" || named.has(queue) || isSet(store.configs.get(queue)),
    neededUntilMs,
    waitReplicas: config.redisWaitReplicas,
    allowEviction: config.redisAllowEviction,
    diskIsLow: () => embedded?.diskIsLow() ?? false,
    onMemoryFull: (full) => {
      const message =
        "Redis has nearly used its maxmemory: sends are refused until messages leave or it is raised";
      if (full) log.warn(message);
      else log.info("Redis has enough memory again: sends are accepted");
    },
    onEviction: (warning) => {
      if (warning === undefined) log.info("Redis no longer drops keys when its memory is full");
      else log.warn(warning);
    },
    onUpgrade: (from, to) =>
      log.info({ from, to }, "upgrading the data to a newer layout; calls are refused until then"),
    observe: (script, ms, error) => metrics.store(script, ms, error),
    onError: createErrorLog(log),
    onClockStep: (stepMs) =>
      log.warn(
        { stepMs },
        "Redis' clock stepped forward; for a day, the skipped time counts for no time to live and no retention; correct the clock within that day",
      ),
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

const isSet = (record: StoredRecord | undefined) =>
  record !== undefined && neededUntilMs(record.bytes) === Number.POSITIVE_INFINITY;

/** Returns how to reach the configured Redis; undefined: it is an embedded one. */
export function externalTarget(
  config: Config,
  tls: (() => RedisTls) | undefined,
): RedisTarget | undefined {
  if (config.redisUrl !== undefined) {
    return { kind: "url", url: config.redisUrl, ...(tls === undefined ? {} : { tls }) };
  }
  if (config.redisSentinels.length === 0) return undefined;
  return {
    kind: "sentinels",
    sentinels: config.redisSentinels,
    name: config.redisSentinelName ?? "",
    sentinelPassword: config.redisSentinelPassword,
    username: config.redisUsername,
    password: config.redisPassword,
    tls,
  };
}

function startEmbedded(config: Config, log: Logger): Promise<EmbeddedRedis> {
  return startEmbeddedRedis({
    dataDir: config.dataDir,
    serverPath: redisServerPath(config.redisServer),
    log,
    ...(config.diskLowBytes === undefined ? {} : { diskLowBytes: config.diskLowBytes }),
    ...(config.redisMaxMemoryBytes > 0 ? { maxMemoryBytes: config.redisMaxMemoryBytes } : {}),
  });
}

/** Describes a Redis for people, without user and password. */
export function describeTarget(target: RedisTarget): string {
  switch (target.kind) {
    case "url": {
      const url = new URL(target.url);
      url.username = "";
      url.password = "";
      return String(url);
    }
    case "sentinels":
      return `Redis "${target.name}" by its Sentinels`;
    case "socket":
      return target.path;
  }
}

const REPEAT_MS = 10_000;

/** Logs an error at most every 10 s: during an outage many occur each second. A damaged outbox is always logged: it is reported once. */
export function createErrorLog(log: Pick<Logger, "warn">): (error: Error) => void {
  let lastAt = Number.NEGATIVE_INFINITY;
  return (error) => {
    if (error instanceof DamagedOutbox) {
      log.warn({ error: error.message }, "some events cannot be read");
      return;
    }
    const now = performance.now();
    if (now - lastAt < REPEAT_MS) return;
    lastAt = now;
    // The message of a DlqError is for callers; its cause says what happened.
    const cause = error.cause instanceof Error ? error.cause : error;
    const message =
      error instanceof LayoutWait
        ? "the store cannot be used yet; retrying"
        : "the store cannot be reached; retrying";
    log.warn({ error: cause.message }, message);
  };
}
