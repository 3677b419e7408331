import type { LeaseTokenParts } from "../../core/lease-token.ts";
import type { GoneState, StoredState } from "../../core/message.ts";
import type { QuarantineReason, Reason } from "../../core/reason.ts";
import type { FailureGroup } from "./groups.ts";
import type { EditWrite } from "./messages.ts";

export interface Examined {
  status: "APPLIED" | "LEASE_LOST" | "NOT_FOUND";
  version: number;
  attempts: number;
  releases: number;
  reason: Reason;
  poisoned: boolean;
  /** When its round of attempts began; undefined: when it was accepted. */
  roundStartedAtMs: number | undefined;
  /** The delay before this attempt, if the next one grows from it. */
  lastDelayMs: number | undefined;
  /** `dlq.storage.v1.RetrySettings`. */
  retrySettings: Uint8Array;
  priority: number;
  /** Moves by rules so far. */
  hops: number;
  /** `dlq.storage.v1.Envelope` and, of an edited message, `dlq.storage.v1.Edits`, with `withEnvelopes`. */
  envelope?: Uint8Array;
  edits?: Uint8Array;
}

export type SettleKind =
  | "succeed"
  | "discard"
  | "quarantine"
  | "failReschedule"
  | "failQuarantine"
  | "failDiscard"
  /** To another queue; delay and quarantine reason are for there. */
  | "failMove"
  | "release"
  /** Claimed, and never written to its stream. */
  | "return";

export interface SettleItem {
  token: LeaseTokenParts;
  kind: SettleKind;
  /** Decided on this version of the message; undefined: applies to any. */
  version?: number;
  delayMs?: number;
  /** The next delay grows from this one. */
  rememberDelay?: boolean;
  /** Failures: whether the reason counts for a breaker. */
  countsForBreaker?: boolean;
  quarantineReason?: QuarantineReason;
  reason?: Reason;
  failure?: Uint8Array;
  /** Failures: absent, the message stays in its group. */
  group?: FailureGroup;
  /** Failures: what was decided and why, for people. At most 255 bytes are stored. */
  decision?: string;
  note?: string;
  /** Whether the outbox does not get the note: it may quote values that the queue hides. */
  isNotePrivate?: boolean;
  /** Failures: the new priority of the message. */
  priority?: number;
  /** Failures: the new `dlq.storage.v1.RetrySettings` of the message. */
  retrySettings?: Uint8Array;
  /** Target of a `failMove`, and the result here if the target refuses the message. */
  move?: { target: string; ifRefused: { delayMs: number; quarantineReason?: QuarantineReason } };
  /** failReschedule: edits of the message before its next delivery, decided on `version`. */
  edit?: EditWrite;
}

export interface Settled {
  status: "APPLIED" | "LEASE_LOST" | "NOT_FOUND";
  state: StoredState | GoneState | undefined;
  quarantineReason: QuarantineReason | undefined;
  dueAtMs: number | undefined;
  /** The session that held the lease; undefined: the lease had expired. */
  sessionId: Uint8Array | undefined;
  heldMs: number;
  ageMs: number;
}

export interface SettleReply {
  /** It is the answer to an earlier call of the same request: nothing was done now. */
  repeated: boolean;
  nowMs: number;
  results: readonly Settled[];
}
