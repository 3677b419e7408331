import type { StoredState } from "../../core/message.ts";
import type { QuarantineReason, Reason } from "../../core/reason.ts";

/** Reads stored messages for people. */
export interface MessageReads {
  /** Reads all that is stored of one message. Undefined: the queue has no such message. */
  details(queue: string, id: Uint8Array): Promise<MessageDetails | undefined>;
}

/** All that is stored of one message. */
export interface MessageDetails {
  state: StoredState;
  quarantineReason: QuarantineReason | undefined;
  reason: Reason;
  /** It is delivered alone, because leases of it have expired. */
  isolated: boolean;
  /** Failed attempts of its present round. */
  attempts: number;
  /** Every delivery, also lost and released ones. */
  deliveries: number;
  /** At most 255 are counted, as of the next one. */
  releases: number;
  /** In a row, without an outcome. */
  leaseExpiries: number;
  unknownOutcomes: number;
  /** Of all its life; the first and the latest ones are kept. */
  failureCount: number;
  /** Of envelope and edits. */
  bytes: number;
  /** When it came into its state. */
  sinceMs: number;
  /** In quarantine: its last one. */
  dueAtMs: number;
  /** Undefined: never expires. */
  expireAtMs: number | undefined;
  /** Undefined: no worker holds it. */
  leaseExpireAtMs: number | undefined;
  /** Undefined: no worker holds it, or its stream has ended. */
  workerId: string | undefined;
  /** The queue that it is moving to. */
  movesTo: string | undefined;
  /** `dlq.storage.v1.RetrySettings`. */
  retrySettings: Uint8Array;
  /** `dlq.storage.v1.Envelope`, as it was sent. */
  envelope: Uint8Array;
  /** `dlq.storage.v1.Edits`, the result of all edits. */
  edits: Uint8Array | undefined;
  /** `dlq.v1.Failure` each: those after the one in the envelope, as far as they are kept, oldest first. */
  laterFailures: readonly Uint8Array[];
}
