import type { QuarantineReason, Reason } from "./reason.ts";

/** Where a stored message is. */
export type StoredState = "SCHEDULED" | "IN_FLIGHT" | "QUARANTINED";
/** Why a message is no longer stored: only ever the result of a call. */
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
  /** Into the ids of the command. Nobody's, where a filter chose the message. */
  index: number;
  refusal: RetryRefusal;
  /** The message, where a filter chose it. */
  id?: Uint8Array | undefined;
  /** TRANSFORM_FAILED: which transform, and why. */
  detail?: string | undefined;
}

export interface RetryOutcome {
  retriedCount: number;
  /** Of what a filter has chosen: what can't be edited, or is on its way to another queue. */
  refused: readonly RefusedRetry[];
}

/** One delivery, as the store hands it out. */
export interface DueDelivery {
  queue: string;
  id: Uint8Array;
  /** `dlq.storage.v1.Envelope` bytes. */
  envelope: Uint8Array;
  /** Latest `dlq.v1.Failure`, when it is not the envelope's own. */
  latestFailure: Uint8Array | undefined;
  /** `dlq.storage.v1.Edits`, where it has been edited: parts of it stand in for the envelope's. */
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
