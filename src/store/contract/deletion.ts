/** The steps of a queue's deletion, which any server may go on with. Each is safe to repeat. */
export interface DeletionSteps {
  /**
   * The queue takes no more and hands out none, if it holds as many messages as expected and none is
   * in flight. Of one that is not there nothing is expected.
   */
  seal(queue: string, expectedCount: number): Promise<SealReply>;
  /** Removes some messages of a sealed queue. */
  purge(queue: string): Promise<PurgeStep>;
  /** Last: a sealed queue without messages is gone, and its name free. Others stay. */
  remove(queue: string): Promise<void>;
}

export type SealReply =
  /** With how many messages it was sealed, now or earlier. */
  | { status: "sealed"; messages: number }
  | { status: "mismatch"; messages: number }
  | { status: "busy"; inFlight: number };

/** Removed some, found none, or the queue is not sealed: somebody else has finished. */
export type PurgeStep = "removed" | "empty" | "unsealed";
