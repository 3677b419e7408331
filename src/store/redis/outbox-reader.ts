import type { Redis } from "ioredis";
import type { OutboxChange, OutboxItem, OutboxPosition } from "../contract/outbox.ts";
import { OutboxReads } from "./outbox-reads.ts";

/** Partitions that are read at once: each may have some thousand changes in memory. */
const AT_ONCE = 16;

/**
 * Reads outboxes on a plain connection, each change once, those of a partition in their order. Writes nothing: how far it has
 * read is in this object only.
 */
export class OutboxReader {
  readonly #reads: OutboxReads;
  readonly #partitions: readonly number[];
  readonly #positions = new Map<number, OutboxPosition | undefined>();
  /** The index of the partition that is read next. */
  #at = 0;

  constructor(redis: Redis, prefix: string, partitions: readonly number[]) {
    this.#reads = new OutboxReads((work) => work(redis), prefix);
    this.#partitions = partitions;
  }

  /** Skips to the end of each outbox. Returns the last `count` changes before that, by time, of those that `isWanted` accepts. */
  async latest(
    count: number,
    isWanted: (change: OutboxChange) => boolean = () => true,
  ): Promise<OutboxChange[]> {
    let latest: OutboxChange[] = [];
    for (let from = 0; from < this.#partitions.length; from += AT_ONCE) {
      const some = this.#partitions.slice(from, from + AT_ONCE);
      const found = await Promise.all(
        some.map(async (partition) => {
          const { changes, position } = await this.#reads.latest(partition, count, isWanted);
          this.#positions.set(partition, position);
          return changes;
        }),
      );
      latest = [...latest, ...found.flat()].toSorted((a, b) => a.atMs - b.atMs).slice(-count);
    }
    return latest;
  }

  /** Returns what came since the last call, of some partitions in turn. Empty: nothing more is there now. */
  async next(): Promise<OutboxItem[]> {
    for (let left = this.#partitions.length; left > 0; ) {
      const some = this.#partitions.slice(this.#at, this.#at + AT_ONCE);
      this.#at = this.#at + AT_ONCE < this.#partitions.length ? this.#at + AT_ONCE : 0;
      const from = some.map((partition) => [partition, this.#positions.get(partition)] as const);
      const pages = await this.#reads.read(new Map(from));
      pages.forEach(({ position }, index) => {
        this.#positions.set(some[index] as number, position);
      });
      const items = pages.flatMap((page) => page.items);
      if (items.length > 0) return items;
      left = pages.some(({ hasMore }) => hasMore) ? this.#partitions.length : left - some.length;
    }
    return [];
  }
}
