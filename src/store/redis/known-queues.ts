import { tooManyQueues, unknownQueue } from "../../core/errors.ts";
import type { Connection } from "./connection.ts";
import { globalKeys } from "./keys.ts";
import { writeWhenFull } from "./when-full.ts";

export interface KnownQueuesParts {
  connection: Connection;
  prefix: string;
  /** Queues that there may be. */
  max: number;
  /** Whether a message may make this queue. */
  mayCreate(queue: string): boolean;
  /** Writes the layout's version, where none is: queues without one are refused. */
  sayLayout(): Promise<void>;
}

/** The list of all queues, and which of them this process has already seen in it. */
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

  /** Before a queue's first message is written: no message is ever in an unknown queue. */
  async add(queue: string): Promise<void> {
    if (this.#known.has(queue)) return;
    const [isKnown, count] = await this.#connection.command((redis) =>
      Promise.all([redis.sismember(this.#key, queue), redis.scard(this.#key)]),
    );
    if (isKnown === 0) {
      const { max, mayCreate, sayLayout } = this.#parts;
      if (!mayCreate(queue)) throw unknownQueue(queue);
      if (count >= max) throw tooManyQueues(max);
      await sayLayout();
      await this.#connection.command((redis) => redis.sadd(this.#key, queue));
    }
    this.#known.add(queue);
  }

  /** Whatever was known of it: it has just been written for the first time. */
  async list(queue: string): Promise<void> {
    this.#known.delete(queue);
    // Its messages are stored: memory that has become full since must not hide them.
    await this.#connection.command((redis) => writeWhenFull(redis, "SADD", this.#key, queue));
    this.#known.add(queue);
  }

  async remove(queue: string): Promise<void> {
    this.#known.delete(queue);
    await this.#connection.command((redis) => redis.srem(this.#key, queue));
  }

  /** It may have been removed by another node. */
  forget(queue: string): void {
    this.#known.delete(queue);
  }

  async has(queue: string): Promise<boolean> {
    return (await this.#connection.command((redis) => redis.sismember(this.#key, queue))) === 1;
  }

  all(): Promise<string[]> {
    return this.#connection.command((redis) => redis.smembers(this.#key));
  }

  /** The list may not be what it was: a failover, or a restart without its data. */
  doubt(): void {
    this.#known.clear();
  }
}
