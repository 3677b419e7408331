import type { QueueSettings } from "../../core/settings.ts";
import type { Imported, ImportHow, ImportItem, ImportSettings } from "./imports.ts";

/**
 * Moves messages between queues, which may be on different servers of Redis. A move has three steps: an outcome starts it
 * (`failMove`), and nobody can claim the message any more; the other queue takes it in; it is removed here. Any server may
 * finish a move that was started, in any number of tries. Also takes in messages that were exported, maybe from another store.
 */
export interface Moves {
  /**
   * Reads those messages of the ids, a few hundred at most, that are moving; or the first ones whose move started so long
   * ago. Not all at once, but some if there are any.
   */
  pending(
    queue: string,
    which: readonly Uint8Array[] | { olderThanMs: number },
  ): Promise<MovingMessage[]>;
  /**
   * Takes in messages from another queue. One answer each; a repeat of the same move gets the same answer for 7 days: what was
   * refused stays refused.
   */
  receive(
    target: string,
    from: string,
    items: readonly ReceiveItem[],
    settings: Pick<QueueSettings, "maxMessages" | "maxBytes">,
  ): Promise<Received[]>;
  /**
   * Stores exported messages with their ids, each by itself. Returns for each, in order, what happened; what was refused may be
   * stored by a repeat. Rejects with NOT_FOUND or LIMIT if the queue does not exist and cannot be created.
   */
  storeImported(
    queue: string,
    items: readonly ImportItem[],
    settings: ImportSettings,
    how: ImportHow,
  ): Promise<Imported[]>;
  /** Ends moves. Returns for each whether it was still to end. */
  end(queue: string, ends: readonly MoveEnd[]): Promise<boolean[]>;
}

export interface MovingMessage {
  id: Uint8Array;
  /** With the id and `beganMs` it identifies this move. */
  deliveryNumber: number;
  /** When a batch job started it; 0: an outcome did. */
  beganMs: number;
  target: string;
  /** `dlq.storage.v1.Envelope` bytes. */
  envelope: Uint8Array;
  /** `dlq.storage.v1.Edits`; undefined: it was never edited. */
  edits: Uint8Array | undefined;
  /** As it is stored, for `receive` only. */
  stored: {
    state: Uint8Array;
    body: Uint8Array;
    history: Uint8Array;
    edits: Uint8Array;
    group: Uint8Array;
    eventFields: Uint8Array;
    timeline: Uint8Array;
  };
}

export interface ReceiveItem {
  message: MovingMessage;
  /** Its limiter key there. Empty: none. */
  limiterKey: string;
  /** Empty if that queue keeps no order. */
  orderingKey: string;
}

/** Why a queue refuses a message. PRESENT: it has one of this id. */
export type MoveRefusal = "FULL_MESSAGES" | "FULL_BYTES" | "DELETING" | "CLOSED" | "PRESENT";

export type Received = "RECEIVED" | MoveRefusal;

export interface MoveEnd {
  message: Pick<MovingMessage, "id" | "deliveryNumber" | "beganMs">;
  /** False: it was refused there and stays here. */
  received: boolean;
}
