import type { QuarantineReason, Reason } from "./reason.ts";
import type { RetryCursor } from "./retry-selection.ts";

/** The state of a stored message. */
export type StoredState = "SCHEDULED" | "IN_FLIGHT" | "QUARANTINED";
/** Why a message is no longer stored. Only results of calls have these. */
export type GoneState = "SUCCEEDED" | "DISCARDED" | "EXPIRED" | "PURGED";

/** Selects messages of one queue; all conditions must hold. */
export interface MessageFilter {
  /** Empty: QUARANTINED. */
  states: readonly ("SCHEDULED" | "QUARANTINED")[];
  /** Empty: any. */
  reasons: readonly Reason[];
  quarantineReasons: readonly QuarantineReason[];
}

export type RetryRefusal = "NOT_FOUND" | "IN_FLIGHT" | "INVALID_ID" | "TRANSFORM_FAILED";

export interface RefusedRetry {
  /** Index into the command's ids. Without meaning if a filter selected the message. */
  index: number;
  refusal: RetryRefusal;
  /** The message, if a filter selected it. */
  id?: Uint8Array | undefined;
  /** TRANSFORM_FAILED: which transform, and why. */
  detail?: string | undefined;
}

export interface RetryOutcome {
  retriedCount: number;
  /** With a filter: messages that cannot be edited, or are moving to another queue. */
  refused: readonly RefusedRetry[];
  /** With a filter: where the next call continues. Undefined: all matching messages were reached. */
  rest?: RetryCursor | undefined;
}

/** A payload: a text, or bytes. Undefined: none. */
export interface Payload {
  body: string | Uint8Array | undefined;
  contentType: string;
}

/** The parts of a message that edits can change. */
export interface MessageContent {
  payload: Payload;
  attributes: Readonly<Record<string, string>>;
}

/** One delivery, as the store returns it. */
export interface DueDelivery {
  queue: string;
  id: Uint8Array;
  /** `dlq.storage.v1.Envelope` bytes. */
  envelope: Uint8Array;
  /** The latest `dlq.v1.Failure`; undefined if it is the envelope's. */
  latestFailure: Uint8Array | undefined;
  /** `dlq.storage.v1.Edits` of an edited message. Its parts replace the envelope's. */
  edits?: Uint8Array | undefined;
  reason: Reason;
  failureCount: number;
  attempts: number;
  deliveryNumber: number;
  nonce: Uint8Array;
  outcomeUnknown: boolean;
  createdAtMs: number;
  dueAtMs: number;
  /** Undefined: never expires. */
  expireAtMs: number | undefined;
  leaseExpireAtMs: number;
}
