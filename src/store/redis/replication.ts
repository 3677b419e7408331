import type { Redis } from "ioredis";
import { storeUnavailable } from "../../core/errors.ts";
import { type Connection, closeRedis, createRedis, type RedisTarget } from "./connection.ts";
import { globalKeys } from "./keys.ts";
import { writeWhenFull } from "./when-full.ts";

/** A mark is of no use after its round. */
const MARK_KEPT_MS = 60_000;

/**
 * WAIT waits for what its own connection wrote. So the mark is written again, but only where it is:
 * a server that does not have it may lack what was written before it, too.
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
 * Tells whether replicas have what the connection of scripts has written. WAIT blocks a connection,
 * so it has one of its own; and calls of a moment share a round, as writes of a moment share a sync.
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

  /** Whether enough replicas have all that the connection of scripts was answered before this call. */
  async confirm(): Promise<boolean> {
    const { connection } = this.#parts;
    const { losses } = connection;
    // The mark of a later socket may be on a server that lacks what the earlier one wrote.
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
