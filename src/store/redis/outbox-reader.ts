import type { Redis } from "ioredis";
import type { OutboxChange, OutboxItem, OutboxPosition } from "../contract/outbox.ts";
import { OutboxReads } from "./outbox-reads.ts";

/**
 * Reads outboxes on a plain connection, each change once, those of a partition in their order. Writes nothing: how far it has
 * read is in this object only.
 */
export class OutboxReader {
  readonly #reads: OutboxReads;
  readonly #positions = new Map<number, OutboxPosition | undefined>();

  constructor(redis: Redis, prefix: string, partitions: readonly number[]) {
    this.#reads = new OutboxReads((work) => work(redis), prefix);
    for (const partition of partitions) this.#positions.set(partition, undefined);
  }

  /** Skips to the end of each outbox. Returns the last `count` changes before that, by time, of those that `isWanted` accepts. */
  async latest(
    count: number,
    isWanted: (change: OutboxChange) => boolean = () => true,
  ): Promise<OutboxChange[]> {
    const found = await Promise.all(
      [...this.#positions.keys()].map(async (partition) => {
        const { changes, position } = await this.#reads.latest(partition, count, isWanted);
        this.#positions.set(partition, position);
        return changes;
      }),
    );
    return found
      .flat()
      .toSorted((a, b) => a.atMs - b.atMs)
      .slice(-count);
  }

  /** Returns what came since the last call. Empty: nothing more is there now. */
  async next(): Promise<OutboxItem[]> {
    const pages = await this.#reads.read(this.#positions);
    [...this.#positions.keys()].forEach((partition, at) => {
      this.#positions.set(partition, pages[at]?.position);
    });
    return pages.flatMap(({ items }) => items);
  }
}
