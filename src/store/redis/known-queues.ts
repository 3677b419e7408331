import { tooManyQueues } from "../../core/errors.ts";
import type { Connection } from "./connection.ts";
import { globalKeys } from "./keys.ts";

/** The list of all queues, and which of them this process has already seen in it. */
export class KnownQueues {
  readonly #connection: Connection;
  readonly #key: string;
  readonly #max: number;
  readonly #sayLayout: () => Promise<void>;
  readonly #known = new Set<string>();

  /** @param sayLayout writes the layout's version, where none is: queues without one are refused. */
  constructor(connection: Connection, prefix: string, max: number, sayLayout: () => Promise<void>) {
    this.#connection = connection;
    this.#sayLayout = sayLayout;
    this.#key = globalKeys(prefix).queues;
    this.#max = max;
  }

  /** Before a queue's first message is written: no message is ever in an unknown queue. */
  async add(queue: string): Promise<void> {
    if (this.#known.has(queue)) return;
    const [isKnown, count] = await this.#connection.command((redis) =>
      Promise.all([redis.sismember(this.#key, queue), redis.scard(this.#key)]),
    );
    if (isKnown === 0) {
      if (count >= this.#max) throw tooManyQueues(this.#max);
      await this.#sayLayout();
      await this.#connection.command((redis) => redis.sadd(this.#key, queue));
    }
    this.#known.add(queue);
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
