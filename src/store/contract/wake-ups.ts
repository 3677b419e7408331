/** When queues have work. */
export interface WakeUps {
  /**
   * In how many milliseconds a claim of each queue may find something; without those queues that have nothing for claims.
   * May be too early.
   */
  claimable(queues: readonly string[]): Promise<ReadonlyMap<string, number>>;
  /** Finds queues that need a tick and got none for a while. Call it each second: the store detects an outage by it. */
  overdue(): Promise<Overdue>;
  /** A queue that is overdue is so again after `byMs`: its tick fails. */
  postpone(queue: string, byMs: number): Promise<void>;
}

export interface Overdue {
  queues: string[];
  /** When the next one will be; infinite: none will. */
  nextMs: number;
}
