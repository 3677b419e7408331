import type { Redis } from "ioredis";
import { storeUnavailable } from "../../core/errors.ts";
import type { Connection } from "./connection.ts";
import { globalKeys } from "./keys.ts";
import { closeRedis, createRedis, type RedisTarget } from "./redis-client.ts";
import type { RedisStoreOptions } from "./redis-store-options.ts";
import { writeWhenFull } from "./when-full.ts";

/** A mark is used in its round only. */
const MARK_KEPT_MS = 60_000;

/**
 * WAIT waits for the writes of its own connection. So that connection writes the mark again, but only if it is there: a
 * server without the mark may lack earlier writes, too.
 */
const CONFIRM = `#!lua flags=allow-oom
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1`;

/** A replica that comes back is in sync after a second or two. */
const RETRY_AFTER_MS = 1_000;

/** Resolves when enough replicas have what was written; rejects with STORE_UNAVAILABLE if they have not in time. */
export async function untilReplicated(
  replication: Pick<Replication, "confirm"> | undefined,
): Promise<void> {
  if (replication === undefined || (await replication.confirm())) return;
  throw storeUnavailable(RETRY_AFTER_MS);
}

export interface ReplicationParts {
  connection: Connection;
  target: RedisTarget;
  prefix: string;
  nodeId: string;
  /** Replicas that must have what was written. */
  replicas: number;
  /** Longest wait of a round, in milliseconds; a call may wait for the end of one and for the next. */
  roundMs: number;
  /** Deadline of one call to the store, in milliseconds. */
  timeoutMs: number;
  onError(error: Error): void;
}

/**
 * Reports whether replicas have what the connection of scripts has written. WAIT blocks a connection, so it has one of its
 * own; concurrent calls share a round.
 */
export class Replication {
  readonly #parts: ReplicationParts;
  readonly #waiting: Redis;
  readonly #markKey: string;
  #marks = 0;
  #running: Promise<unknown> = Promise.resolve();
  #next: Promise<boolean> | undefined;

  constructor(parts: ReplicationParts) {
    this.#parts = parts;
    this.#markKey = globalKeys(parts.prefix).mark(parts.nodeId);
    this.#waiting = createRedis(parts.target, "dlq-wait", parts.timeoutMs);
    this.#waiting.on("error", (error: Error) => parts.onError(error));
  }

  /** Reports whether enough replicas have all writes that were answered before this call. */
  async confirm(): Promise<boolean> {
    const { connection } = this.#parts;
    const { losses } = connection;
    // A mark that a later socket wrote may be on a server without the writes of the earlier one.
    return (await this.#nextRound()) && connection.losses === losses;
  }

  close(): Promise<void> {
    return closeRedis(this.#waiting);
  }

  #nextRound(): Promise<boolean> {
    this.#next ??= this.#running.then(() => {
      this.#next = undefined;
      const round = this.#round();
      this.#running = round.catch(() => {});
      return round;
    });
    return this.#next;
  }

  async #round(): Promise<boolean> {
    const { connection, replicas, roundMs } = this.#parts;
    const mark = `${++this.#marks}`;
    await connection.command((redis) =>
      writeWhenFull(redis, "SET", this.#markKey, mark, "PX", MARK_KEPT_MS),
    );
    // After an outage both connections come back, in either order: the caller tries again.
    if (this.#waiting.status !== "ready") return false;
    const [isThere, have] = await connection.bounded(
      Promise.all([
        this.#waiting.eval(CONFIRM, 1, this.#markKey, mark, MARK_KEPT_MS),
        this.#waiting.wait(replicas, roundMs),
      ]),
    );
    return isThere === 1 && have >= replicas;
  }
}

/** Undefined: sends are answered without waiting for replicas. */
export function createReplication(
  { waitReplicas: replicas = 0, target, prefix, nodeId, timeoutMs, onError }: RedisStoreOptions,
  connection: Connection,
): Replication | undefined {
  if (replicas === 0) return undefined;
  return new Replication({
    ...{ connection, target, prefix, nodeId, replicas, timeoutMs },
    roundMs: Math.max(1, Math.floor(timeoutMs / 4)),
    onError: (error) => onError?.(error),
  });
}
