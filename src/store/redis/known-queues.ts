import { tooManyQueues } from "../../core/errors.ts";
import type { Connection } from "./connection.ts";
import { globalKeys } from "./keys.ts";

/** The list of all queues, and which of them this process has already seen in it. */
export class KnownQueues {
  readonly #connection: Connection;
  readonly #key: string;
  readonly #max: number;
  readonly #known = new Set<string>();

  constructor(connection: Connection, prefix: string, max: number) {
    this.#connection = connection;
    this.#key = globalKeys(prefix).queues;
    this.#max = max;
  }

  /** Before a queue's first message is written: no message is ever in an unknown queue. */
  async add(queue: string): Promise<void> {
    if (this.#known.has(queue)) return;
    await this.#connection.command(async (redis) => {
      if ((await redis.sismember(this.#key, queue)) === 1) return;
      if ((await redis.scard(this.#key)) >= this.#max) throw tooManyQueues(this.#max);
      await redis.sadd(this.#key, queue);
    });
    this.#known.add(queue);
  }

  all(): Promise<string[]> {
    return this.#connection.command((redis) => redis.smembers(this.#key));
  }

  /** The list may not be what it was: a failover, or a restart without its data. */
  doubt(): void {
    this.#known.clear();
  }
}
