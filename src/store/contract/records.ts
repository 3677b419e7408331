/**
 * What was set while servers ran, by name, as this node knows it: as of its last look. Each look is one
 * question, however many there are; while the store is away the last known holds.
 */
export interface Records {
  get(name: string): StoredRecord | undefined;
  /** Those that have a record. */
  names(): Iterable<string>;
  /** Looks anew. What others had written before the call is known after it. */
  refresh(): Promise<void>;
  /**
   * Writes a record in place of the one that was seen; undefined stands for none. `encode` is given
   * the store's now. False: another one is there by now, and nothing was written. Rejects with LIMIT
   * where one more may not be.
   */
  replace(
    name: string,
    seen: StoredRecord | undefined,
    encode: ((nowMs: number) => Uint8Array) | undefined,
  ): Promise<boolean>;
  /** Told of the names whose records are others than before. */
  onChange(listener: (names: readonly string[]) => void): void;
}

/** The same content keeps its object from look to look. */
export interface StoredRecord {
  readonly bytes: Uint8Array;
}
