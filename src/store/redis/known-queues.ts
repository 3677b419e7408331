import { storeUnavailable, tooManyQueues, unknownQueue } from "../../core/errors.ts";
import { Turns } from "../../core/turns.ts";
import { type Connection, RETRY_AFTER_MS } from "./connection.ts";
import { partitionKeys, queueListKeys } from "./keys.ts";
import { partitionOf } from "./partitions.ts";

export interface KnownQueuesParts {
  connection: Connection;
  prefix: string;
  /** How long a call may wait for its turn, in milliseconds. */
  timeoutMs: number;
  /** Most queues of the deployment. */
  max: number;
  /** Reports whether a message may create this queue. */
  mayCreate(queue: string): boolean;
  /** Writes the version of the layout, if there is none: a store with queues and without a version is refused. */
  writeLayout(): Promise<void>;
}

/** The number of queues is read again after this. */
const COUNTED_MS = 1_000;
const NAMES_A_PAGE = 1_000;
/** Pages that are read at once: one has a command for each partition. */
const PAGES_AT_ONCE = 2;
/** Queues that are remembered. Beyond, all are forgotten, and a look-up more is made for each. */
const REMEMBERED = 20_000;

/**
 * The lists of all queues, one a partition; remembers the queues that this process has seen there. Scripts write the lists:
 * with the first message of a queue, and at the end of its deletion.
 */
export class KnownQueues {
  readonly #parts: KnownQueuesParts;
  readonly #connection: Connection;
  readonly #known = new Set<string>();
  /** How many queues there were, and those that this process may have added since. */
  #count = { queues: 0, atMs: Number.NEGATIVE_INFINITY, added: new Set<string>() };
  /** Concurrent calls share one count. */
  #counting: Promise<unknown> | undefined;
  readonly #pageTurns = new Turns(PAGES_AT_ONCE);
  /** Pages whose reading has not begun: calls for the same one share it. */
  readonly #nextPages = new Map<string, Promise<readonly string[]>>();

  constructor(parts: KnownQueuesParts) {
    this.#parts = parts;
    this.#connection = parts.connection;
  }

  /** Call it before a message is written. Rejects if the queue does not exist and may not be created. */
  async admit(queue: string): Promise<void> {
    if (this.#known.has(queue)) return;
    if (await this.has(queue)) {
      if (this.#known.size >= REMEMBERED) this.#known.clear();
      this.#known.add(queue);
      return;
    }
    const { max, mayCreate, writeLayout } = this.#parts;
    if (!mayCreate(queue)) throw unknownQueue(queue);
    const { queues, added } = await this.#counted();
    if (!added.has(queue) && queues + added.size >= max) throw tooManyQueues(max);
    added.add(queue);
    await writeLayout();
  }

  /** Another node may have removed it. */
  forget(queue: string): void {
    this.#known.delete(queue);
  }

  async has(queue: string): Promise<boolean> {
    const key = partitionKeys(this.#parts.prefix, partitionOf(queue)).queues;
    return (await this.#connection.command((redis) => redis.zscore(key, queue))) !== null;
  }

  /** Returns those of the queues that exist. */
  async existingOf(queues: readonly string[]): Promise<ReadonlySet<string>> {
    const { prefix } = this.#parts;
    const byPartition = [...Map.groupBy(queues, partitionOf)];
    const found = await this.#connection.read<(string | null)[]>((reading) => {
      for (const [partition, own] of byPartition) {
        reading.zmscore(partitionKeys(prefix, partition).queues, ...own);
      }
    });
    const existing = byPartition.flatMap(([, own], index) =>
      own.filter((_, at) => found[index]?.[at] !== null),
    );
    return new Set(existing);
  }

  /** The names of these partitions. */
  async of(partitions: readonly number[]): Promise<string[][]> {
    return this.#connection.read<string[]>((reading) => {
      for (const partition of partitions) {
        reading.zrange(partitionKeys(this.#parts.prefix, partition).queues, "0", "-1");
      }
    });
  }

  /** Returns a page of all names in order. The lists are read after the call came. */
  page(after = "", most = NAMES_A_PAGE): Promise<readonly string[]> {
    const key = `${most} ${after}`;
    const waiting = this.#nextPages.get(key);
    if (waiting !== undefined) return waiting;
    const latestMs = performance.now() + this.#parts.timeoutMs;
    const page = this.#pageTurns.run(async () => {
      await undefined; // the page must be in the map before it is removed
      this.#nextPages.delete(key);
      if (performance.now() > latestMs) throw storeUnavailable(RETRY_AFTER_MS);
      return this.#readPage(after, most);
    });
    this.#nextPages.set(key, page);
    return page;
  }

  /** Each partition returns a few names, and those from which more may belong to the page return more. */
  async #readPage(after: string, most: number): Promise<string[]> {
    const keys = queueListKeys(this.#parts.prefix);
    const lists = keys.map((key) => ({ key, names: [] as string[], isComplete: false }));
    for (let step = Math.ceil((2 * most) / lists.length) + 1; ; step *= 2) {
      const page = lists.flatMap(({ names }) => names).toSorted();
      const end = page[most - 1];
      const open = lists.filter(({ names, isComplete }) => {
        const last = names.at(-1);
        return !isComplete && (end === undefined || last === undefined || last < end);
      });
      if (open.length === 0) return page.slice(0, most);
      const found = await this.#connection.read<string[]>((reading) => {
        for (const { key, names } of open) {
          const from = `(${names.at(-1) ?? after}`;
          reading.zrange(key, from, "+", "BYLEX", "LIMIT", 0, step);
        }
      });
      open.forEach((list, index) => {
        const names = found[index] ?? [];
        list.names.push(...names);
        list.isComplete = names.length < step;
      });
    }
  }

  /** After a failover, or a restart without data, the lists may be others. */
  forgetAll(): void {
    this.#known.clear();
    this.#count.atMs = Number.NEGATIVE_INFINITY;
  }

  /** Creating many queues must not read all lists for each. */
  async #counted() {
    if (performance.now() - this.#count.atMs >= COUNTED_MS) {
      this.#counting ??= this.#countAll().finally(() => {
        this.#counting = undefined;
      });
      await this.#counting;
    }
    return this.#count;
  }

  async #countAll(): Promise<void> {
    const atMs = performance.now();
    const sizes = await this.#connection.read<number>((reading) => {
      for (const key of queueListKeys(this.#parts.prefix)) reading.zcard(key);
    });
    const queues = sizes.reduce((sum, size) => sum + size, 0);
    this.#count = { queues, atMs, added: new Set() };
  }
}
