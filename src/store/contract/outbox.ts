import type { GoneState, StoredState } from "../../core/message.ts";
import type { QuarantineReason, Reason } from "../../core/reason.ts";

export type ChangeKind =
  | "SENT"
  | "JOINED"
  | "CLAIMED"
  | "SUCCEEDED"
  | "FAILED"
  | "RELEASED"
  | "RETURNED"
  | "EXPIRED_LEASE"
  | "QUARANTINED"
  | "DISCARDED"
  | "EXPIRED_TTL"
  | "RETRIED"
  | "EXPIRED_RETENTION"
  | "BREAKER_OPENED"
  | "BREAKER_HALF_OPENED"
  | "BREAKER_CLOSED"
  | "ORDER_RELEASED"
  | "MOVED_OUT"
  | "MOVED_IN"
  | "MOVE_REFUSED"
  | "EDITED"
  | "PURGED";

/** One state change of a message, or of a breaker. */
export interface OutboxChange {
  /** Its number in the outbox of the partition. */
  readonly number: number;
  readonly atMs: number;
  readonly queue: string;
  /** Undefined: a kind of a newer version. */
  readonly kind: ChangeKind | undefined;
  /** All zero: of no message, such as one of a breaker. */
  readonly id: Uint8Array;
  readonly version: number;
  readonly state: StoredState | GoneState | undefined;
  readonly reason: Reason | undefined;
  readonly quarantineReason: QuarantineReason | undefined;
  readonly attempts: number;
  readonly deliveryNumber: number;
  readonly dueAtMs: number | undefined;
  readonly note: string;
  /** `dlq.storage.v1.EventFields`, or nothing. */
  readonly fields: Uint8Array;
}

/** What a reader gets next: a change, or a notice about changes before it. */
export type OutboxItem =
  | OutboxChange
  /** So many changes were removed before they were read. */
  | { readonly missed: number }
  /** Redis has older data than before: changes from this number on that were read are undone. */
  | { readonly rolledBackTo: number };
