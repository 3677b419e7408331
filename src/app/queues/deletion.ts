import { aborted, precondition, staleEtag } from "../../core/errors.ts";
import type { Store } from "../../store/contract.ts";
import type { DecisionLog } from "../observer.ts";
import type { SettingsInForce } from "./settings-in-force.ts";

export interface QueueDeletion {
  queue: string;
  /** Messages that it must hold; 0: it must be empty. */
  expectedCount: number;
  /** Empty: whatever is set. */
  etag: string;
}

export interface DeletionParts {
  store: Pick<Store, "configs" | "hasQueue" | "deletion">;
  inForce: Pick<SettingsInForce, "stored">;
  log: DecisionLog;
}

/** Changes of its settings that came in between. */
const TRIES = 5;

/**
 * Deletes queues. After the first step a queue is sealed, and the rest can be done by anybody, in any
 * number of tries: by who began, or, if that server has died, by whoever comes across the queue.
 */
export class Deletions {
  readonly #parts: DeletionParts;
  readonly #running = new Map<string, Promise<void>>();

  constructor(parts: DeletionParts) {
    this.#parts = parts;
  }

  /** Gives how many messages were removed with it. */
  async delete({ queue, expectedCount, etag }: QueueDeletion): Promise<number> {
    const { store, inForce } = this.#parts;
    if (etag !== "") {
      await store.configs.refresh();
      const present = inForce.stored(queue).etag;
      // Of one that is gone already nobody can have the etag.
      const isGone = present === "" && !(await store.hasQueue(queue));
      if (!isGone && present !== etag) throw staleEtag(`what is set of queue ${queue}`);
    }
    const sealed = await store.deletion.seal(queue, expectedCount);
    if (sealed.status === "mismatch") throw mismatch(queue, sealed.messages, expectedCount);
    if (sealed.status === "busy") {
      throw precondition(
        "queue",
        `${queue} has ${sealed.inFlight} in flight; pause it, and wait for their outcomes`,
      );
    }
    // One that began before may have seen the end of an earlier life.
    await this.#running.get(queue)?.catch(() => {});
    await this.#finish(queue);
    return sealed.messages;
  }

  /** A sealed queue was met. What fails is tried again by whoever meets it next. Never rejects. */
  readonly resume = async (queue: string): Promise<void> => {
    try {
      await this.#finish(queue);
    } catch (error) {
      this.#parts.log.warn({ queue, error: String(error) }, "a deletion is not finished yet");
    }
  };

  /** Once at a time: several callers of this server wait for the same end. */
  #finish(queue: string): Promise<void> {
    let running = this.#running.get(queue);
    if (running === undefined) {
      running = this.#finishNow(queue).finally(() => this.#running.delete(queue));
      this.#running.set(queue, running);
    }
    return running;
  }

  async #finishNow(queue: string): Promise<void> {
    const { store, log } = this.#parts;
    // Each step is short, and others come between them.
    if (!(await this.#purgeAll(queue)) || !(await this.#takeBackSettings(queue))) return;
    await store.deletion.remove(queue);
    log.info({ queue }, "queue deleted");
  }

  /** False: somebody else has finished. */
  async #purgeAll(queue: string): Promise<boolean> {
    for (;;) {
      const step = await this.#parts.store.deletion.purge(queue);
      if (step !== "removed") return step === "empty";
    }
  }

  /**
   * What is set goes with the queue, also what was set while it was deleted. What is seen before the
   * queue is found still sealed is not of a new life. False: somebody else has finished.
   */
  async #takeBackSettings(queue: string): Promise<boolean> {
    const { configs } = this.#parts.store;
    for (let attempt = 0; attempt < TRIES; attempt++) {
      await configs.refresh();
      const seen = configs.get(queue);
      if (seen === undefined) return true;
      if (!(await this.#purgeAll(queue))) return false;
      await configs.replace(queue, seen, undefined);
    }
    throw aborted(200, `what is set of queue ${queue}`);
  }
}

function mismatch(queue: string, messages: number, expectedCount: number) {
  const instead =
    expectedCount === 0
      ? "give that as expected_count to remove them with it"
      : `${expectedCount} were expected; look at Stats again`;
  const plural = messages === 1 ? "" : "s";
  return precondition("expected_count", `${queue} holds ${messages} message${plural}: ${instead}`);
}
