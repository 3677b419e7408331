import type { StoredState } from "../../core/message.ts";
import type { QuarantineReason, Reason } from "../../core/reason.ts";
import type { QueueSettings } from "../../core/settings.ts";

/** How a message ended that can be brought back. */
export type DeletedState = "SUCCEEDED" | "DISCARDED" | "PURGED";

/** A message that ended and is kept for a time. */
export interface DeletedMessage {
  id: Uint8Array;
  state: DeletedState;
  deletedAtMs: number;
  /** Bytes that it is counted with. */
  bytes: number;
  /** Before it ended. */
  before: StoredState;
  reason: Reason;
  quarantineReason: QuarantineReason | undefined;
  attempts: number;
  deliveries: number;
  /** Undefined: unknown, or no worker ended it. */
  workerId: string | undefined;
  /** The batch job that removed it, and who created it (empty: unknown). Undefined: none did. */
  job: { id: string; caller: string } | undefined;
  /** The worker's, the name of the rule that decided, or the job and its reason; may be empty. */
  note: string;
}

/** Those that ended in one of these ways from an instant to another one, both included. */
export interface DeletedRange {
  states: readonly DeletedState[];
  fromMs: number;
  toMs: number;
}

/** The last message of the page before. */
export interface DeletedPlace {
  atMs: number;
  id: Uint8Array;
}

export interface DeletedPage {
  nowMs: number;
  /** How many there are in the range, also before and behind the page. */
  total: number;
  messages: readonly DeletedMessage[];
}

/** What to bring back: messages by id, at most 1,000; or a page of those that ended in one way. */
export type Undeletion =
  | { ids: readonly Uint8Array[] }
  | {
      state: DeletedState;
      fromMs: number;
      toMs: number;
      after: DeletedPlace | undefined;
      page: number;
    };

export interface UndeleteHow {
  /** True: due now, with a new round of attempts. False: as they were. */
  toRetry: boolean;
  caller: string | undefined;
  settings: Pick<QueueSettings, "maxMessages" | "maxBytes">;
}

export type UndeleteRefusal =
  /** It is not among the deleted messages of the queue. */
  | "MISSING"
  /** The queue has it. */
  | "PRESENT"
  | "FULL_MESSAGES"
  | "FULL_BYTES"
  | "DELETING"
  | "DAMAGED";

export interface UndeleteResult {
  count: number;
  refused: readonly { id: Uint8Array; refusal: UndeleteRefusal }[];
  /** The end of the time that was looked at: not later than this call. */
  upToMs: number;
  /** Where to continue with the same state; undefined: it has no more, or ids were given. */
  rest: DeletedPlace | undefined;
}

/** Messages that ended and are kept for a time. They are in no list, count or limit of their queue. */
export interface DeletedMessages {
  /** A page of a range, the latest first, after this place. */
  list(
    queue: string,
    range: DeletedRange,
    after: DeletedPlace | undefined,
    page: number,
  ): Promise<DeletedPage>;
  /**
   * Brings messages back into their queue. A repeated request gets its first answer. Rejects with STORE_FULL if there is no room.
   */
  undelete(
    queue: string,
    request: Uint8Array,
    which: Undeletion,
    how: UndeleteHow,
  ): Promise<UndeleteResult>;
  /** Erases the oldest ones of all queues, until about so many bytes are free. Returns how many bytes it has erased. */
  makeRoom(bytes: number): Promise<number>;
}
