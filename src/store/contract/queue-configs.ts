/**
 * What was set of queues while servers ran, as this node knows it: as of its last look. Each look is
 * one question, however many there are; while the store is away the last known holds.
 */
export interface QueueConfigs {
  get(queue: string): QueueConfigRecord | undefined;
  /** Queues that have a record. */
  names(): Iterable<string>;
  /** Looks anew. What others had written before the call is known after it. */
  refresh(): Promise<void>;
  /**
   * Writes a record in place of the one that was seen; undefined stands for none. `encode` is given
   * the store's now. False: another one is there by now, and nothing was written. Rejects with LIMIT
   * where one more may not be.
   */
  replace(
    queue: string,
    seen: QueueConfigRecord | undefined,
    encode: ((nowMs: number) => Uint8Array) | undefined,
  ): Promise<boolean>;
  /** Told of the queues whose records are others than before. */
  onChange(listener: (queues: readonly string[]) => void): void;
}

/** A `dlq.storage.v1.QueueRecord`. The same content keeps its object from look to look. */
export interface QueueConfigRecord {
  readonly bytes: Uint8Array;
}
