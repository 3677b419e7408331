import { tooManyQueues, unknownQueue } from "../../core/errors.ts";
import type { Connection } from "./connection.ts";
import { globalKeys } from "./keys.ts";
import { writeWhenFull } from "./when-full.ts";

export interface KnownQueuesParts {
  connection: Connection;
  prefix: string;
  /** Most queues of the deployment. */
  max: number;
  /** Reports whether a message may create this queue. */
  mayCreate(queue: string): boolean;
  /** Writes the version of the layout, if there is none: a store with queues and without a version is refused. */
  writeLayout(): Promise<void>;
}

/** The list of all queues; remembers the ones that this process has seen in it. */
export class KnownQueues {
  readonly #parts: KnownQueuesParts;
  readonly #connection: Connection;
  readonly #key: string;
  readonly #known = new Set<string>();

  constructor(parts: KnownQueuesParts) {
    this.#parts = parts;
    this.#connection = parts.connection;
    this.#key = globalKeys(parts.prefix).queues;
  }

  /** Adds a queue before its first message is written: no message is ever in an unlisted queue. */
  async add(queue: string): Promise<void> {
    if (this.#known.has(queue)) return;
    const [isKnown, count] = await this.#connection.command((redis) =>
      Promise.all([redis.sismember(this.#key, queue), redis.scard(this.#key)]),
    );
    if (isKnown === 0) {
      const { max, mayCreate, writeLayout } = this.#parts;
      if (!mayCreate(queue)) throw unknownQueue(queue);
      if (count >= max) throw tooManyQueues(max);
      await writeLayout();
      await this.#connection.command((redis) => redis.sadd(this.#key, queue));
    }
    this.#known.add(queue);
  }

  /** Adds a queue that was just written for the first time, whatever was remembered of it. */
  async addExisting(queue: string): Promise<void> {
    this.#known.delete(queue);
    // Its messages are stored: full memory must not hide them.
    await this.#connection.command((redis) => writeWhenFull(redis, "SADD", this.#key, queue));
    this.#known.add(queue);
  }

  async remove(queue: string): Promise<void> {
    this.#known.delete(queue);
    await this.#connection.command((redis) => redis.srem(this.#key, queue));
  }

  /** Another node may have removed it. */
  forget(queue: string): void {
    this.#known.delete(queue);
  }

  async has(queue: string): Promise<boolean> {
    return (await this.#connection.command((redis) => redis.sismember(this.#key, queue))) === 1;
  }

  /** Returns those of the queues that exist. */
  async existingOf(queues: readonly string[]): Promise<ReadonlySet<string>> {
    if (queues.length === 0) return new Set();
    const found = await this.#connection.command((redis) => redis.smismember(this.#key, ...queues));
    return new Set(queues.filter((_, index) => found[index] === 1));
  }

  all(): Promise<string[]> {
    return this.#connection.command((redis) => redis.smembers(this.#key));
  }

  /** After a failover, or a restart without data, the list may be another one. */
  forgetAll(): void {
    this.#known.clear();
  }
}
