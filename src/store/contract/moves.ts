import type { QueueSettings } from "../../core/settings.ts";

/**
 * A message moves in three steps, since its queues may be in different places: an outcome makes it set out
 * (`failMove`), so that nobody can claim it any more; the other queue takes it in; it is removed here. Who
 * comes across one that has set out may take the rest of the steps, in any number of tries.
 */
export interface Moves {
  /**
   * Those of the ids, a few hundred at most, that have set out; or the first of what did so this long ago.
   * Not all at once, but some if there are any.
   */
  pending(
    queue: string,
    which: readonly Uint8Array[] | { olderThanMs: number },
  ): Promise<MovingMessage[]>;
  /**
   * Takes messages in that come `from` another queue. One answer each, the same for a message and a
   * delivery for 7 days, whoever asks: what was refused once stays so.
   */
  receive(
    target: string,
    from: string,
    items: readonly ReceiveItem[],
    settings: Pick<QueueSettings, "maxMessages" | "maxBytes">,
  ): Promise<Received[]>;
  /** Ends moves. Of each, whether that was still to be done. */
  end(queue: string, ends: readonly MoveEnd[]): Promise<boolean[]>;
}

export interface MovingMessage {
  id: Uint8Array;
  /** With the id it names this move, and no other one. */
  deliveryNumber: number;
  target: string;
  /** `dlq.storage.v1.Envelope` bytes. */
  envelope: Uint8Array;
  /** `dlq.storage.v1.Edits`; undefined: it was never edited. */
  edits: Uint8Array | undefined;
  /** As it is stored, for `receive` alone. */
  stored: { state: Uint8Array; body: Uint8Array; history: Uint8Array; edits: Uint8Array };
}

export interface ReceiveItem {
  message: MovingMessage;
  /** What limits by key go by, there. Empty: none. */
  limiterKey: string;
  /** Empty where that queue keeps no order. */
  orderingKey: string;
}

/** Why a queue takes no message in. */
export type MoveRefusal = "FULL_MESSAGES" | "FULL_BYTES" | "DELETING" | "CLOSED";

export type Received = "RECEIVED" | MoveRefusal;

export interface MoveEnd {
  message: Pick<MovingMessage, "id" | "deliveryNumber">;
  /** False: it was refused there, and stays. */
  received: boolean;
}
