import { emptyQueueConfig, encodeQueueRecord } from "../../codec/queue-record.ts";
import { aborted, precondition, staleEtag } from "../../core/errors.ts";
import type { Store } from "../../store/contract.ts";
import type { Caller } from "../commands.ts";
import type { DecisionLog } from "../observer.ts";
import { pastRedactOf } from "./past-redact.ts";
import type { SettingsInForce } from "./settings-in-force.ts";

export interface QueueDeletion {
  queue: string;
  /** The number of messages that the queue must hold. 0: it must be empty. */
  expectedCount: number;
  /** Empty: any. */
  etag: string;
  caller?: Caller;
}

export interface DeletionParts {
  store: Pick<Store, "configs" | "hasQueue" | "deletion">;
  inForce: Pick<SettingsInForce, "stored" | "of">;
  log: DecisionLog;
  /** Called when nothing of a queue is left in the store. */
  onDeleted?: () => void;
}

/** Attempts when settings change at the same time. */
const TRIES = 5;

/**
 * Deletes queues. After the first step the queue is sealed. Any server can finish the deletion, in
 * any number of attempts: the one that began it or, if it died, any other that sees the mark.
 */
export class Deletions {
  readonly #parts: DeletionParts;
  readonly #running = new Map<string, Promise<void>>();

  constructor(parts: DeletionParts) {
    this.#parts = parts;
  }

  /** Returns how many messages were removed. */
  async delete({ queue, expectedCount, etag, caller }: QueueDeletion): Promise<number> {
    const { store, inForce } = this.#parts;
    await store.configs.refresh();
    const present = inForce.stored(queue).etag;
    const isThere = present !== "" || (await store.hasQueue(queue));
    // If the queue is already gone, the etag no longer matters.
    if (etag !== "" && isThere && present !== etag) {
      throw staleEtag(`the configuration of queue ${queue}`);
    }
    const sealed = await store.deletion.seal(queue, expectedCount);
    if (sealed.status === "mismatch") throw mismatch(queue, sealed.messages, expectedCount);
    if (sealed.status === "busy") {
      throw precondition(
        "queue",
        `${queue} has ${sealed.inFlight} in flight; pause it, and wait for their outcomes`,
      );
    }
    if (!isThere && sealed.messages === 0) {
      // It is gone already, or never was. Removes what sealing has written.
      await store.deletion.remove(queue);
      return 0;
    }
    this.#parts.log.info({ queue, messages: sealed.messages, caller }, "deleting queue");
    // A run that began earlier may belong to an earlier queue of this name.
    await this.#running.get(queue)?.catch(() => {});
    await this.#finish(queue);
    return sealed.messages;
  }

  /**
   * Finishes the deletion of a sealed queue. After a failure the next server or tick that sees the
   * mark tries again. Never rejects.
   */
  readonly resume = async (queue: string): Promise<void> => {
    try {
      await this.#finish(queue);
    } catch (error) {
      this.#parts.log.warn(
        { queue, error: String(error) },
        "queue deletion failed; it is retried at the next tick",
      );
    }
  };

  /** Runs once at a time; concurrent callers share the result. */
  #finish(queue: string): Promise<void> {
    let running = this.#running.get(queue);
    if (running === undefined) {
      running = this.#finishNow(queue).finally(() => this.#running.delete(queue));
      this.#running.set(queue, running);
    }
    return running;
  }

  async #finishNow(queue: string): Promise<void> {
    const { store, log, onDeleted } = this.#parts;
    // Each step is short, so that other calls run in between.
    if (!(await this.#purgeAll(queue)) || !(await this.#removeSettings(queue))) return;
    await store.deletion.remove(queue);
    log.info({ queue }, "queue deleted");
    onDeleted?.();
  }

  /** Removes all messages. False: another server has finished the deletion. */
  async #purgeAll(queue: string): Promise<boolean> {
    for (;;) {
      const step = await this.#parts.store.deletion.purge(queue);
      if (step !== "removed") return step === "empty";
    }
  }

  /**
   * Removes the stored settings, including those set during the deletion. They are read before the
   * queue is found still sealed, so they cannot belong to a new queue of this name. What they hide
   * stays, for the changes that the outbox has. False: another server has finished the deletion.
   */
  async #removeSettings(queue: string): Promise<boolean> {
    const { inForce } = this.#parts;
    const { configs } = this.#parts.store;
    for (let attempt = 0; attempt < TRIES; attempt++) {
      await configs.refresh();
      const seen = configs.get(queue);
      const { etag, pastRedact } = inForce.stored(queue);
      if (seen === undefined || etag === "") return true;
      const { redact } = inForce.of(queue);
      if (!(await this.#purgeAll(queue))) return false;
      // The queue is sealed and empty: no change with anything to hide follows.
      const encode = (nowMs: number) => {
        const past = pastRedactOf(redact, pastRedact, nowMs, configs.otherCount);
        return encodeQueueRecord(emptyQueueConfig(), "", nowMs, past);
      };
      await configs.replace(queue, seen, encode, { notesEnd: true });
    }
    throw aborted(200, `the configuration of queue ${queue}`);
  }
}

function mismatch(queue: string, messages: number, expectedCount: number) {
  const instead =
    expectedCount === 0
      ? `set expected_count to ${messages} to remove them too`
      : `expected_count is ${expectedCount}; check them with Stats, then set it to ${messages}`;
  const plural = messages === 1 ? "" : "s";
  return precondition("expected_count", `${queue} holds ${messages} message${plural}: ${instead}`);
}
