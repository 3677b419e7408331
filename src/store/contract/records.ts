/**
 * Settings that were changed while servers ran, by name. This node has a copy as of its last look; a look costs one round
 * trip if nothing has changed. While the store is unavailable the copy stays in force.
 */
export interface Records {
  /** Throws STORE_UNAVAILABLE before the first look: nothing may be decided without what is stored. */
  get(name: string): StoredRecord | undefined;
  /** The names that have a record that counts for the limits, as of the last look. */
  names(): Iterable<string>;
  /** Reads what has changed. All that was written before the call is in the copy after it. */
  refresh(): Promise<void>;
  /**
   * Writes a record in place of the one that was seen; undefined stands for none. `encode` gets the store's time. Returns
   * false if another record is there by now: nothing was written. Rejects with LIMIT if there were too many records that count, or
   * they were too large.
   */
  replace(
    name: string,
    seen: StoredRecord | undefined,
    encode: ((nowMs: number) => Uint8Array) | undefined,
  ): Promise<boolean>;
  /** Called with the names whose records have changed, if the earlier or the new one counts. */
  onChange(listener: (names: readonly string[]) => void): void;
}

/** What a change of settings does to its queue. */
export type QueueChange = "QUEUE_PAUSED" | "QUEUE_RESUMED";

/** What happens together with the replacement of a queue's settings. */
export interface WithSettings {
  /** The outbox gets what it returns for the store's time. */
  readonly changeAt?: ((nowMs: number) => QueueChange | undefined) | undefined;
  /** The record, if there is one, gets where the outbox ends, in `epoch_ms` and `next` of its `past_redact`. */
  readonly notesEnd?: boolean;
}

/** The settings of queues. Records that only say for some time what queues hid do not count for the limits. */
export interface QueueRecords extends Records {
  /** As for all records. */
  replace(
    name: string,
    seen: StoredRecord | undefined,
    encode: ((nowMs: number) => Uint8Array) | undefined,
    also?: WithSettings,
  ): Promise<boolean>;
  /** How many records do not count for the limits, as of the last look. */
  readonly otherCount: number;
  /** Removes some records that are no longer needed. To be called every now and then. */
  forget(): Promise<void>;
}

/** A record keeps its object as long as its content is the same. */
export interface StoredRecord {
  readonly bytes: Uint8Array;
}
