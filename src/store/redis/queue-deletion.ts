import type { DeletionSteps, PurgeStep, SealReply } from "../contract.ts";
import type { KnownQueues } from "./known-queues.ts";
import { runPurge, runRemove, runSeal } from "./verbs/delete.ts";
import type { RunScript } from "./verbs/run.ts";

export interface QueueDeletionParts {
  run: RunScript;
  /** Before each use of the store; see Opening. */
  enter(): Promise<void> | undefined;
  queues: Pick<KnownQueues, "list" | "remove">;
  journalMax: number;
}

/** The seal is among the queue's own keys; the list of names is apart, and follows. */
export class RedisQueueDeletion implements DeletionSteps {
  readonly #parts: QueueDeletionParts;

  constructor(parts: QueueDeletionParts) {
    this.#parts = parts;
  }

  seal(queue: string, expectedCount: number): Promise<SealReply> {
    return runSeal(this.#parts.run, queue, expectedCount);
  }

  purge(queue: string): Promise<PurgeStep> {
    return runPurge(this.#parts.run, queue, this.#parts.journalMax);
  }

  /**
   * Its name goes first: as long as the rest is there, sends are refused and somebody finds it. One
   * that turns out to be there is listed again.
   */
  async remove(queue: string): Promise<void> {
    const { run, enter, queues, journalMax } = this.#parts;
    await enter();
    await queues.remove(queue);
    if (!(await runRemove(run, queue, journalMax))) await queues.list(queue);
  }
}
