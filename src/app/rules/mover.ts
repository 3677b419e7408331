import { decodeEdits, decodeMessage, type StoredMessage } from "../../codec/message.ts";
import { limiterKeyOf, orderingKeyOf, valueIn } from "../../core/delivery-settings.ts";
import { MOVE_LATE_MS } from "../../core/lifetime.ts";
import { formatMessageId } from "../../core/message-id.ts";
import type { QueueSettings } from "../../core/settings.ts";
import type {
  MoveRefusal,
  MovingMessage,
  Received,
  ReceiveItem,
  Store,
} from "../../store/contract.ts";
import type { DecisionLog, RuleObserver } from "../observer.ts";

export interface MoverParts {
  store: Pick<Store, "moves">;
  settingsOf(queue: string): QueueSettings;
  observer: Pick<RuleObserver, "ruleMove">;
  log: DecisionLog;
}

/** A message that its target has not taken: it is back in its queue. */
export interface RefusedMove {
  readonly id: Uint8Array;
  readonly why: MoveRefusal;
}

/**
 * Moves messages to other queues. An outcome starts the move; then the other queue receives the
 * message, and it is removed from the first. Any server may do any step, also twice: in the end the
 * message is in one queue, and it is never claimable in two.
 */
export class Mover {
  readonly #parts: MoverParts;
  readonly #running = new Set<Promise<unknown>>();
  readonly #resumed = new Set<string>();
  #stopped = false;

  constructor(parts: MoverParts) {
    this.#parts = parts;
  }

  /** Finishes moves that have just started. */
  readonly moveNow = (queue: string, ids: readonly Uint8Array[]): void => {
    void this.moveAll(queue, ids);
  };

  /** As `moveNow`. Resolves when they have ended, or after a failure, which is logged, with those that came back. */
  readonly moveAll = async (
    queue: string,
    ids: readonly Uint8Array[],
  ): Promise<readonly RefusedMove[]> => {
    const refused: RefusedMove[] = [];
    await this.#start(queue, this.#moveThese(queue, ids, refused));
    return refused;
  };

  /** Finishes late moves out of this queue. */
  readonly resume = (queue: string): void => {
    if (this.#resumed.has(queue)) return;
    this.#resumed.add(queue);
    const work = this.#moveLate(queue).finally(() => this.#resumed.delete(queue));
    void this.#start(queue, work);
  };

  /** Resolves when the running moves have ended. */
  async idle(): Promise<void> {
    await Promise.all(this.#running);
  }

  /** Ends before the process does: begins no more late moves. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.idle();
  }

  /** After a failure a later tick finds the move again, when it is late. */
  #start(queue: string, work: Promise<void>): Promise<void> {
    const running: Promise<void> = work
      .catch((error: unknown) => {
        this.#parts.log.warn(
          { queue, error: String(error) },
          "moving messages failed; a later tick retries",
        );
      })
      .finally(() => this.#running.delete(running));
    this.#running.add(running);
    return running;
  }

  async #moveThese(
    queue: string,
    ids: readonly Uint8Array[],
    refused: RefusedMove[],
  ): Promise<void> {
    let open = ids;
    while (open.length > 0) {
      const messages = await this.#parts.store.moves.pending(queue, open);
      // Another server has moved the rest.
      if (messages.length === 0) return;
      refused.push(...(await this.#move(queue, messages)));
      const moved = new Set(messages.map(({ id }) => formatMessageId(id)));
      open = open.filter((id) => !moved.has(formatMessageId(id)));
    }
  }

  async #moveLate(queue: string): Promise<void> {
    while (!this.#stopped) {
      const messages = await this.#parts.store.moves.pending(queue, { olderThanMs: MOVE_LATE_MS });
      if (messages.length === 0) return;
      await this.#move(queue, messages);
    }
  }

  /** Returns those that the target has refused. */
  async #move(queue: string, messages: readonly MovingMessage[]): Promise<RefusedMove[]> {
    const byTarget = Map.groupBy(messages, ({ target }) => target);
    const results = await Promise.allSettled(
      [...byTarget].map(([target, own]) => this.#moveTo(queue, target, own)),
    );
    // A target that fails must not block the others, but its error counts.
    return results.flatMap((result) => {
      if (result.status === "rejected") throw result.reason;
      return result.value;
    });
  }

  async #moveTo(
    queue: string,
    target: string,
    messages: readonly MovingMessage[],
  ): Promise<RefusedMove[]> {
    const { store, settingsOf } = this.#parts;
    const settings = settingsOf(target);
    const items = messages.map((message) => toItem(message, settings));
    const received = await store.moves.receive(target, queue, items, settings);
    const ends = messages.map((message, index) => ({
      message,
      received: received[index] === "RECEIVED",
    }));
    const ended = await store.moves.end(queue, ends);
    messages.forEach((message, index) => {
      if (ended[index]) this.#report(queue, message, received[index] as Received);
    });
    return messages.flatMap(({ id }, index) => {
      const why = received[index] as Received;
      return why === "RECEIVED" ? [] : [{ id, why }];
    });
  }

  #report(queue: string, { id, target }: MovingMessage, received: Received): void {
    const { observer, log } = this.#parts;
    const facts = { queue, target, id: formatMessageId(id) };
    observer.ruleMove(received === "RECEIVED" ? "moved" : "refused");
    if (received === "RECEIVED") log.debug(facts, "moved");
    else log.info({ ...facts, why: received }, "not moved: the target queue refused the message");
  }
}

/** An unreadable message moves without keys; otherwise it would block its batch. */
function contentOf({
  envelope,
  edits,
}: MovingMessage): Pick<StoredMessage, "orderingKey" | "attributes"> {
  try {
    return decodeMessage(envelope, decodeEdits(edits));
  } catch {
    return { orderingKey: "", attributes: {} };
  }
}

function toItem(message: MovingMessage, settings: QueueSettings): ReceiveItem {
  const { orderingKey, attributes } = contentOf(message);
  return {
    message,
    limiterKey: limiterKeyOf(valueIn(attributes), settings),
    orderingKey: orderingKeyOf(orderingKey, settings),
  };
}
