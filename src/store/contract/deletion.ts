/** The steps of the deletion of a queue. Any server may continue; each step is safe to repeat. */
export interface DeletionSteps {
  /**
   * Seals the queue, if it holds as many messages as expected and none is in flight: from then on it accepts none and hands
   * out none. A queue that does not exist is sealed whatever is expected.
   */
  seal(queue: string, expectedCount: number): Promise<SealReply>;
  /** Removes some messages of a sealed queue. */
  purge(queue: string): Promise<PurgeStep>;
  /** The last step: removes a sealed queue without messages, and frees its name. Changes nothing of other queues. */
  remove(queue: string): Promise<void>;
}

export type SealReply =
  /** It was sealed with so many messages, now or earlier. */
  | { status: "sealed"; messages: number }
  | { status: "mismatch"; messages: number }
  | { status: "busy"; inFlight: number };

/** Removed some; found none; or the queue is not sealed, because another server has finished. */
export type PurgeStep = "removed" | "empty" | "unsealed";
