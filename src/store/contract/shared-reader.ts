import type { OutboxPosition } from "./outbox.ts";

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
   * for this reader; `trims`: what it keeps above that is removed now, and not only with its next change. Returns the partitions
   * that this server has lost meanwhile: their positions are not stored.
   */
  store(
    positions: ReadonlyMap<number, OutboxPosition>,
    keepBytes: number,
    trims?: boolean,
  ): Promise<ReadonlySet<number>>;
  /** Gives taken partitions back, for other servers. */
  giveBack(partitions: readonly number[]): Promise<void>;
  /** Gives all back, and ends the registration of this server. */
  leave(partitions: readonly number[]): Promise<void>;
}
