import { DlqError } from "../../core/errors.ts";
import type { Connection } from "./connection.ts";
import { globalKeys } from "./keys.ts";
import { StoreRefused } from "./storage-version.ts";

export interface ServerCheck {
  prefix: string;
  /** Accepts a Redis that drops keys when its memory is full, with a warning. */
  allowEviction: boolean;
  /** Accepts a Redis Cluster. */
  allowCluster: boolean;
}

/**
 * Rejects with StoreRefused if Redis is too old, is a cluster, or drops keys when it is full. Returns warnings about settings
 * that could lose messages.
 */
export async function checkServer(connection: Connection, check: ServerCheck): Promise<string[]> {
  const info = await connection.command((redis) => redis.info());
  refuse(info, check);
  return serverWarnings(connection, info, check.prefix);
}

/** Returns warnings about settings that could lose messages. `info`: the answer of INFO. */
export async function serverWarnings(
  connection: Connection,
  info: string,
  prefix: string,
): Promise<string[]> {
  return [
    ...warnings(info),
    ...(await freeingWarnings(connection)),
    ...(await hintWarnings(connection, prefix)),
  ];
}

function refuse(info: string, { allowEviction, allowCluster }: ServerCheck): void {
  const server = /^redis_version:(\d+)\.(\d+)/m.exec(info);
  if (server && Number(server[1]) < 7) {
    throw new StoreRefused(
      `Redis ${server[1]}.${server[2]} is too old: install Redis 7.0 or newer`,
    );
  }
  if (!allowCluster && /^cluster_enabled:1/m.test(info)) {
    throw new StoreRefused(
      "Redis Cluster is not supported: while a slot migrates, messages can be lost; use a Redis with cluster-enabled no, or Sentinel",
    );
  }
  const policy = evictionPolicy(info);
  if (!allowEviction && policy !== undefined) {
    throw new StoreRefused(
      `${evicts(policy)}; run CONFIG SET maxmemory-policy noeviction, or set redis_allow_eviction to accept this`,
    );
  }
}

/** The policy by which Redis drops keys when its memory is full; undefined: it drops none. */
function evictionPolicy(info: string): string | undefined {
  const policy = /^maxmemory_policy:(\S+)/m.exec(info)?.[1];
  const max = Number(/^maxmemory:(\d+)/m.exec(info)?.[1] ?? 0);
  return policy === undefined || policy === "noeviction" || max === 0 ? undefined : policy;
}

/** Keys that expire hold answers, send numbers, decided moves and dedup keys; the others hold messages. */
function evicts(policy: string): string {
  const harm = policy.startsWith("volatile-")
    ? "repeated sends can be stored twice"
    : "messages can be lost";
  return `Redis drops keys when its memory is full (maxmemory-policy ${policy}): ${harm}`;
}

/** Scripts publish hints, and by default a user of an ACL may use no channels. */
async function hintWarnings(connection: Connection, prefix: string): Promise<string[]> {
  const { probe } = globalKeys(prefix);
  try {
    await connection.command((redis) => redis.publish(probe, ""));
    return [];
  } catch (error) {
    const cause = error instanceof DlqError ? error.cause : undefined;
    if (!(cause instanceof Error) || !cause.message.startsWith("NOPERM")) throw error;
    return [
      `the Redis user may not use the channels ${prefix}:*: messages that are due may wait for up to 30 s; allow them with &${prefix}:*`,
    ];
  }
}

/** By default Redis frees a key that expires at once. Without the right to ask, there is no warning. */
async function freeingWarnings(connection: Connection): Promise<string[]> {
  const setting = "lazyfree-lazy-expire";
  const found = await connection
    .command((redis) => redis.call("CONFIG", "GET", setting))
    .catch(() => undefined);
  if (!Array.isArray(found) || found[1] !== "no") return [];
  return [
    `Redis frees keys that expire while all calls wait (${setting} no): after millions of requests it may not answer for seconds; run CONFIG SET ${setting} yes`,
  ];
}

/** A warning if this Redis drops keys when it is full. `info` has at least the section `memory`. */
export function evictionWarning(info: string): string | undefined {
  const policy = evictionPolicy(info);
  return policy === undefined
    ? undefined
    : `${evicts(policy)}; run CONFIG SET maxmemory-policy noeviction`;
}

function warnings(info: string): string[] {
  const found: string[] = [];
  const eviction = evictionWarning(info);
  if (eviction !== undefined) found.push(eviction);
  if (/^aof_enabled:0/m.test(info)) {
    found.push(
      "Redis keeps no append-only file: a crash of it loses messages; set appendonly yes and appendfsync always",
    );
  }
  if (/^maxmemory:0\r?$/m.test(info)) {
    found.push(
      "Redis has no maxmemory: when the machine has no memory left, the system kills Redis; set maxmemory, so that Redis refuses sends first",
    );
  }
  if (!/^master_replid:\w/m.test(info)) {
    found.push(
      "Redis reports no master_replid in INFO: after a restart or failover of it, messages that were processed may be delivered without outcome_unknown; use a Redis that reports it",
    );
  }
  return found;
}
