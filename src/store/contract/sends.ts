import type { DlqError } from "../../core/errors.ts";
import type { StoredState } from "../../core/message.ts";
import type { QuarantineReason, Reason } from "../../core/reason.ts";
import type { QueueSettings } from "../../core/settings.ts";
import type { EditWrite } from "./messages.ts";

export type SendSettings = Pick<
  QueueSettings,
  "maxMessages" | "maxBytes" | "poisonThreshold" | "poisonWindowMs" | "dedupWindowMs"
>;

export interface SendItem {
  requestId: string;
  envelope: Uint8Array;
  /** Of the envelope, the payload alone. */
  payloadBytes: number;
  failure: Uint8Array;
  reason: Reason;
  /** Set: straight to quarantine. */
  quarantineReason: QuarantineReason | undefined;
  /** Delay of the first retry; of the next one, when the message joins one in flight. */
  delayMs: number;
  /** Instead of the delay: an instant, compared with the store's clock. */
  dueAtMs: number | undefined;
  /** 0: never expires. */
  ttlMs: number;
  retrySettings: Uint8Array;
  sourceId: string;
  dedupKey: string;
  /** Only called when there is a dedup key. */
  payloadHash: Uint8Array;
  /** -100 to 100. */
  priority?: number;
  /** What limits by key go by. Absent or empty: none. */
  limiterKey?: string;
  /** Absent or empty where the queue keeps no order. */
  orderingKey?: string;
  /** Counted, and not kept. */
  dropped?: boolean;
  /** For the journal. */
  note?: string;
  /** Edits of a message that is new; one that is joined stays as it is. */
  edit?: EditWrite;
  /** Absent: none, and a repeat is only known by its request. */
  number?: SendNumber | undefined;
  /** What it brings along from another system; nothing of it, where it joins a message. */
  importedHistory?: SendImportedHistory | undefined;
}

export interface SendImportedHistory {
  attempts: number;
  /** Those in the envelope beside the one that it is sent with. */
  failureCount: number;
  /** Its life and its age begin here; in the future, or absent: now. */
  firstFailureAtMs: number | undefined;
}

/** Which send of its client it is. */
export interface SendNumber {
  /** 16 bytes; behind them the name of the queue that it was sent to, where that is another one. */
  client: Uint8Array;
  /** From 1; a whole number that a double holds. */
  number: number;
}

export interface RouteItem {
  /** Never empty. */
  requestId: string;
  target: string;
}

export type SendReply =
  /** This item alone: the others of its call may be stored. */
  | { status: "failed"; error: DlqError }
  | { status: "full"; what: "messages" | "bytes" }
  | { status: "deleting" }
  | { status: "dropped"; reason: Reason; repeated: boolean }
  /** An earlier call of the same request was sent on to another queue: its answer is there. */
  | { status: "routed"; queue: string }
  /** Its number was taken before: nothing has happened now, and no more is known of it. */
  | { status: "taken"; reason: Reason }
  | {
      status: "stored";
      joined: boolean;
      /** The answer to an earlier call of the same request: nothing has happened now. */
      repeated: boolean;
      id: Uint8Array;
      state: StoredState;
      reason: Reason;
      quarantineReason: QuarantineReason | undefined;
      dueAtMs: number;
    };
