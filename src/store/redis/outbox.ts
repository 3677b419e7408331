import {
  isSamePosition,
  type Outbox,
  type OutboxBeginning,
  type OutboxPage,
  type OutboxPosition,
} from "../contract/outbox.ts";
import type { SharedReader } from "../contract/shared-reader.ts";
import type { Connection } from "./connection.ts";
import { OutboxLookups } from "./outbox-lookups.ts";
import { OutboxReads } from "./outbox-reads.ts";
import { OutboxTail } from "./outbox-tail.ts";
import { PARTITIONS, partitionOf } from "./partitions.ts";
import { createRedis } from "./redis-client.ts";
import type { RedisStoreOptions } from "./redis-store-options.ts";
import { type Replication, untilReplicated } from "./replication.ts";
import { RedisSharedReader } from "./shared-reader.ts";
import type { StoreId } from "./store-id.ts";

export interface RedisOutboxParts
  extends Pick<
    RedisStoreOptions,
    "target" | "prefix" | "nodeId" | "outboxMaxBytes" | "timeoutMs" | "onError"
  > {
  connection: Connection;
  /** Undefined: no replica must confirm. */
  replication: Pick<Replication, "confirm"> | undefined;
  /** Called before each use of the store; see Opening. */
  enter(): Promise<void> | undefined;
  id: Pick<StoreId, "value">;
}

/** The outboxes of all partitions. What has just been written is read once for all readers of this process. */
export class RedisOutbox implements Outbox {
  readonly partitions = PARTITIONS;
  readonly partitionOf = partitionOf;
  readonly #reads: OutboxReads;
  readonly #tail: OutboxTail;
  readonly #lookups: OutboxLookups;
  readonly #replication: RedisOutboxParts["replication"];
  readonly #parts: Pick<
    RedisOutboxParts,
    "connection" | "enter" | "id" | "prefix" | "nodeId" | "outboxMaxBytes"
  >;

  constructor(parts: RedisOutboxParts) {
    const { connection, enter, target, prefix, timeoutMs, onError } = parts;
    this.#parts = parts;
    this.#replication = parts.replication;
    this.#reads = new OutboxReads(async (work) => {
      await enter();
      return connection.command(work);
    }, prefix);
    this.#lookups = new OutboxLookups(this.#reads);
    this.#tail = new OutboxTail({
      connect: () => createRedis(target, "dlq-outbox", timeoutMs),
      reads: this.#reads,
      ...{ prefix, timeoutMs },
      onError: (error) => onError?.(error),
    });
  }

  get storeId(): string {
    return this.#parts.id.value;
  }

  async read(partition: number, from: OutboxPosition | undefined): Promise<OutboxPage> {
    const recent = from && this.recent(partition, from);
    if (recent !== undefined) return recent;
    const [page] = await this.#reads.read(new Map([[partition, from]]));
    return page as OutboxPage;
  }

  recent(partition: number, position: OutboxPosition): OutboxPage | undefined {
    const end = this.#tail.endOf(partition);
    if (end !== undefined && isSamePosition(end, position))
      return { items: [], position, hasMore: false };
    return this.#tail.after(partition, position);
  }

  /** Those that the tail has are used: at most some milliseconds old. */
  async ends(partitions: readonly number[]): Promise<OutboxPosition[]> {
    await this.#parts.enter();
    const known = () => partitions.every((partition) => this.#tail.endOf(partition) !== undefined);
    if (!known()) {
      // Many readers begin at once: the first ones look, and the tail has the ends for the others.
      await this.#lookups.run(async () => {
        if (!known()) await this.#tail.findEnds(partitions);
      });
    }
    const ends = partitions.map((partition) => this.#tail.endOf(partition));
    return ends.every((end) => end !== undefined) ? ends : this.#reads.ends(partitions);
  }

  async oldest(partition: number): Promise<OutboxPosition> {
    return (await this.#lookups.since(partition, 0)).position;
  }

  sinceSecond(
    partitions: readonly number[],
    atMs: number,
    signal: AbortSignal,
  ): Promise<OutboxBeginning[]> {
    return this.#lookups.sinceSecond(partitions, atMs, signal);
  }

  confirm(): Promise<void> {
    return untilReplicated(this.#replication);
  }

  /** Returns a reader that servers share. */
  sharedReader(name: string): SharedReader {
    return new RedisSharedReader({ ...this.#parts, reads: this.#reads, name });
  }

  follow(partitions: readonly number[], listener: (partition: number) => void): () => void {
    return this.#tail.follow(partitions, listener);
  }

  close(): Promise<void> {
    return this.#tail.close();
  }
}
