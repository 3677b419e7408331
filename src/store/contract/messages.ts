import type { MessageFilter, RetryOutcome, StoredState } from "../../core/message.ts";
import type { Reason } from "../../core/reason.ts";

/** Stored messages as edits and simulations see them. What edits write goes with a retry or an outcome. */
export interface Messages {
  /** Why nothing can be edited at present, in words: edits take room. Undefined: it can. */
  readonly full: string | undefined;

  /**
   * What edits start from, in the order of the ids: of as many as fit into one reply, at least one.
   * Undefined for a message that is not there. Or the answer, when a retry under this request has
   * been answered before.
   */
  contents(
    queue: string,
    request: Uint8Array,
    ids: readonly Uint8Array[],
  ): Promise<RetryOutcome | readonly (StoredContent | undefined)[]>;

  /**
   * Makes messages due now, and edits those whose item says so, all in one step. "moved": one has changed since its item
   * was decided, and nothing was done; never, if all items are of kind "retry".
   */
  retry(
    queue: string,
    request: Uint8Array,
    items: readonly RetryItem[],
  ): Promise<RetryOutcome | "moved">;
  /**
   * Retries all messages that match, if they are as many as expected; else returns how many match. `prepare` decides on
   * the messages that were found; without it all are retried.
   */
  retryMatching(
    queue: string,
    request: Uint8Array,
    filter: MessageFilter,
    expectedCount: number,
    prepare?: PrepareRetry,
  ): Promise<RetryOutcome | { mismatch: number } | "moved">;
  /** Ids of messages that match, at most so many. */
  matching(queue: string, filter: MessageFilter, most: number): Promise<Uint8Array[]>;

  /** A page of all messages in one state, from the start or where the page before ended. */
  walk(queue: string, state: StoredState, from?: WalkPlace): Promise<WalkedPage>;
}

export type PrepareRetry = (ids: readonly Uint8Array[]) => Promise<readonly RetryItem[]>;

export interface StoredContent {
  state: StoredState;
  version: number;
  /** `dlq.storage.v1.Envelope`, as it was sent. */
  envelope: Uint8Array;
  /** `dlq.storage.v1.Edits`, as earlier edits have left it. */
  edits: Uint8Array | undefined;
}

/** Edits of one message, to be written in place of the earlier ones. */
export interface EditWrite {
  /** `dlq.storage.v1.Edits`. */
  edits: Uint8Array;
  /** Of the payload that is in it. */
  payloadBytes: number;
  /** By how many bytes more than the earlier ones; may be negative. */
  grown: number;
  /** What limits by key go by from now on; undefined: as before. */
  limiterKey?: string;
}

/** What to do to one message of a retry. What was decided by its content holds for that version alone. */
export type RetryItem =
  | { kind: "retry"; id: Uint8Array }
  | { kind: "edit"; id: Uint8Array; version: number; write: EditWrite }
  | { kind: "refuse"; id: Uint8Array; version: number; detail: string }
  /** It was in flight when it was looked at: refused, wherever it is now. */
  | { kind: "busy"; id: Uint8Array };

export interface WalkedPage {
  messages: WalkedMessage[];
  /** Where the next page begins; undefined: there is none. */
  next: WalkPlace | undefined;
}

/** How far a walk has come: in which index of the state, and how many of it were looked at. */
export interface WalkPlace {
  readonly index: number;
  readonly start: number;
}

/** A stored message, as far as a verdict on its next failure depends on it. */
export interface WalkedMessage {
  id: Uint8Array;
  reason: Reason;
  poisoned: boolean;
  attempts: number;
  /** When its present round of attempts began; undefined: when it was accepted. */
  roundStartedAtMs: number | undefined;
  /** `dlq.storage.v1.RetrySettings`. */
  retrySettings: Uint8Array;
}
