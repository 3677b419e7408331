import type { RetryOutcome, StoredState } from "../../core/message.ts";
import type { Reason } from "../../core/reason.ts";
import type { RetryCursor, RetrySelection, WalkPlace } from "../../core/retry-selection.ts";

/** Reads stored messages, for edits and simulations, and retries them. */
export interface Messages {
  /** Why messages cannot be edited now: edits need room. Undefined: they can. */
  readonly full: string | undefined;

  /**
   * Reads what edits start from, in the order of the ids: as many messages as fit into one reply, at least one. Undefined
   * for a message that does not exist. If a retry under this request was answered before, returns that answer.
   */
  contents(
    queue: string,
    request: Uint8Array,
    ids: readonly Uint8Array[],
  ): Promise<RetryOutcome | readonly (StoredContent | undefined)[]>;

  /**
   * Makes messages due now, and edits those whose item says so, all in one step. "moved": one has changed since its item
   * was decided, and nothing was done; never, if all items are of kind "retry". `caller`: for the timelines; at most 255 bytes are stored.
   */
  retry(
    queue: string,
    request: Uint8Array,
    items: readonly RetryItem[],
    caller?: string,
  ): Promise<RetryOutcome | "moved">;
  /**
   * Retries a page of the messages that match, if all are as many as expected; else returns how many match. `prepare`
   * decides on the messages that were found; without it all are retried. Later pages skip messages that have changed their
   * state since the first one; they fail while the clock is behind the first one. Rejects with the signal's reason if it
   * aborts during the search; then nothing changes.
   */
  retryMatching(
    queue: string,
    request: Uint8Array,
    selection: RetrySelection,
    prepare?: PrepareRetry,
    signal?: AbortSignal,
    caller?: string,
  ): Promise<RetryOutcome | { mismatch: number } | "moved">;
  /** Finds a page of the messages that match. */
  matching(queue: string, selection: RetrySelection, signal?: AbortSignal): Promise<MatchingPage>;

  /** Reads a page of all messages in one state, from the start or from the end of the page before. */
  walk(queue: string, state: StoredState, from?: WalkPlace): Promise<WalkedPage>;
}

export interface MatchingPage {
  ids: readonly Uint8Array[];
  /** As after a retry of these ids. `startedAtMs` of a first page is 0. */
  rest: RetryCursor | undefined;
}

export type PrepareRetry = (ids: readonly Uint8Array[]) => Promise<readonly RetryItem[]>;

export interface StoredContent {
  state: StoredState;
  version: number;
  /** `dlq.storage.v1.Envelope`, as it was sent. */
  envelope: Uint8Array;
  /** `dlq.storage.v1.Edits`, the result of earlier edits. */
  edits: Uint8Array | undefined;
}

/** Edits of one message, to be written in place of the earlier ones. */
export interface EditWrite {
  /** `dlq.storage.v1.Edits`. */
  edits: Uint8Array;
  /** Bytes of the payload in it. */
  payloadBytes: number;
  /** Bytes that these edits take more than the earlier ones; may be negative. */
  grown: number;
  /** The new limiter key; undefined: as before. */
  limiterKey?: string;
}

/** What a retry does to one message. A decision by its content holds for that version only. */
export type RetryItem =
  | { kind: "retry"; id: Uint8Array }
  | { kind: "edit"; id: Uint8Array; version: number; write: EditWrite }
  | { kind: "refuse"; id: Uint8Array; version: number; detail: string }
  /** It was in flight when it was read: refused, even if it is not any more. */
  | { kind: "busy"; id: Uint8Array };

export interface WalkedPage {
  messages: WalkedMessage[];
  /** The start of the next page; undefined: this was the last one. */
  next: WalkPlace | undefined;
}

/** What a verdict on the next failure of a message depends on. */
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
