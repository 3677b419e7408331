import type { DlqError } from "../../core/errors.ts";
import type { StoredState } from "../../core/message.ts";
import type { QuarantineReason, Reason } from "../../core/reason.ts";
import type { QueueSettings } from "../../core/settings.ts";
import type { FailureGroup } from "./groups.ts";
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
  /** Delay of the first retry; if the message joins one in flight, of the next one. */
  delayMs: number;
  /** Instead of the delay: an instant, compared with the store's clock. */
  dueAtMs: number | undefined;
  /** 0: never expires. */
  ttlMs: number;
  retrySettings: Uint8Array;
  sourceId: string;
  dedupKey: string;
  /** Only used with a dedup key. */
  payloadHash: Uint8Array;
  /** -100 to 100. */
  priority?: number;
  /** Limiter key. Absent or empty: none. */
  limiterKey?: string;
  /** Absent or empty where the queue keeps no order. */
  orderingKey?: string;
  /** Counted and not stored. */
  dropped?: boolean;
  /** For the outbox. */
  note?: string;
  /** For the outbox: `dlq.storage.v1.EventFields`, at most 255 bytes. Absent: none. */
  eventFields?: Uint8Array;
  /** Absent: the message is in no group. */
  group?: FailureGroup;
  /** Edits of a new message; not applied if it joins one. */
  edit?: EditWrite;
  /** Absent: a repeat is only recognized by its request. */
  number?: SendNumber | undefined;
  /** History from another system; not stored if it joins a message. */
  importedHistory?: SendImportedHistory | undefined;
}

export interface SendImportedHistory {
  attempts: number;
  /** Failures in the envelope, without the one that it is sent with. */
  failureCount: number;
  /** Its life and its age begin here. Absent or in the future: now. */
  firstFailureAtMs: number | undefined;
}

/** The number that a client gave to a send. */
export interface SendNumber {
  /** 16 bytes; behind them the queue that it was sent to, if a rule sent it to another one. */
  client: Uint8Array;
  /** A whole number from 1, as far as a double holds it exactly. */
  number: number;
}

export interface RouteItem {
  /** Never empty. */
  requestId: string;
  target: string;
}

export type SendReply =
  /** Only this item failed; the others of its call may be stored. */
  | { status: "failed"; error: DlqError }
  | { status: "full"; what: "messages" | "bytes" }
  | { status: "deleting" }
  | { status: "dropped"; reason: Reason; repeated: boolean }
  /** An earlier call of the same request went to another queue: its answer is there. */
  | { status: "routed"; queue: string }
  /** Its number was used before: nothing was done now, and the first answer has expired. */
  | { status: "duplicate"; reason: Reason }
  | {
      status: "stored";
      joined: boolean;
      /** It is the answer to an earlier call of the same request: nothing was done now. */
      repeated: boolean;
      id: Uint8Array;
      state: StoredState;
      reason: Reason;
      quarantineReason: QuarantineReason | undefined;
      dueAtMs: number;
    };
