import type { OutboxPosition } from "./outbox.ts";

/** What a partition has after a position. */
export interface OutboxBacklog {
  /** About how much the changes that are not read are in the outbox. */
  readonly bytes: number;
  /** The age of the oldest of them, in milliseconds. Undefined: there is none. */
  readonly oldestAgeMs: number | undefined;
  /** Changes after the position that were removed before they were read. */
  readonly missed: number;
}

/**
 * A reader of all outboxes that several servers are together: each partition is read by one of them at a time, and their
 * positions are stored.
 */
export interface SharedReader {
  /**
   * Stores where reading begins in partitions that have no position: at their ends, or at the first change since an instant. What
   * happens after it resolves is read, by this server or another one. `keepBytes`: as for `store`.
   */
  begin(keepBytes: number, sinceMs?: number): Promise<void>;
  /** Registers this server, and returns the partitions that it should read now. Call it every few seconds. */
  assigned(): Promise<ReadonlySet<number>>;
  /** Returns the stored positions of partitions, in order. Undefined: none, or damaged. */
  positions(partitions: readonly number[]): Promise<(OutboxPosition | undefined)[]>;
  /**
   * Takes a partition for some seconds, so that no other server reads it. Returns the stored position, or `fallback` if there is none
   * that can be read: it is stored then. Undefined: another server has the partition.
   */
  take(partition: number, fallback: OutboxPosition): Promise<OutboxPosition | undefined>;
  /**
   * Stores positions of taken partitions, and takes these for some more seconds. `keepBytes`: how much the outbox of each may keep
   * for this reader; `trims`: what it keeps above that is removed now, and not only with its next change. Returns what then waits
   * after each position. Partitions that this server has lost meanwhile are not in it: their positions are not stored.
   */
  store(
    positions: ReadonlyMap<number, OutboxPosition>,
    keepBytes: number,
    trims?: boolean,
  ): Promise<ReadonlyMap<number, OutboxBacklog>>;
  /** Gives taken partitions back, for other servers. */
  giveBack(partitions: readonly number[]): Promise<void>;
  /** Gives all back, and ends the registration of this server. */
  leave(partitions: readonly number[]): Promise<void>;
}
