/** When queues have work. */
export interface WakeUps {
  /** Returns, for each queue with something to claim, in how many milliseconds; may be too early. */
  claimable(queues: readonly string[]): Promise<ReadonlyMap<string, number>>;
  /**
   * Finds queues that need a tick and got none for a while, at most `most` of each partition. Call it each second: the store
   * detects an outage by it. With `onlyExpected`, looks only where the last look has found that a queue will need a tick by now.
   */
  overdue(options?: { most?: number; onlyExpected?: boolean }): Promise<Overdue>;
  /** Delays an overdue queue by `byMs`, because its tick fails. */
  postpone(queue: string, byMs: number): Promise<void>;
}

export interface Overdue {
  queues: string[];
  /** In how many milliseconds the next one will be; infinite: none will. */
  nextMs: number;
}
