import type { DeliveryStatus } from "../../core/delivery-status.ts";
import type { DueDelivery, StoredState } from "../../core/message.ts";
import type { QueueSettings } from "../../core/settings.ts";

/** `nonce` belongs to one session and one tick; it is part of the tokens of that claim. */
export interface ClaimedSession {
  sessionId: Uint8Array;
  nonce: Uint8Array;
}

export interface SessionCredit extends ClaimedSession {
  count: number;
  bytes: number;
  leaseMs: number;
  /** It holds no message and reserves nothing else: it may get an isolated delivery, or a message larger than `bytes`. */
  canIsolate: boolean;
}

export interface TickRequest {
  /** Grows with each tick of this process that has sessions, over all queues. 0: claims nothing. */
  claimNumber: number;
  sessions: readonly SessionCredit[];
  settings: Pick<QueueSettings, "ttlAction" | "quarantineRetentionMs"> &
    Partial<
      Pick<QueueSettings, "paused" | "pausedUntilAtMs" | "retainSucceededMs" | "retainDeletedMs">
    >;
}

export interface Claimed extends DueDelivery {
  /** Index of its session in the request. */
  session: number;
  /** Must be alone on its stream until its outcome is known. */
  isolated: boolean;
  bytes: number;
}

export interface LostLease {
  sessionId: Uint8Array;
  id: Uint8Array;
  deliveryNumber: number;
  state: StoredState;
  heldMs: number;
}

export interface EndedLife {
  id: Uint8Array;
  /** EXPIRED: removed. */
  state: "QUARANTINED" | "EXPIRED";
  /** Its time to live ended, or its quarantine. */
  cause: "expired" | "retention";
}

export interface TickReply {
  nowMs: number;
  /** The queue is sealed: it hands out nothing, and its deletion must be finished. */
  deleting: boolean;
  claimed: readonly Claimed[];
  lost: readonly LostLease[];
  /** Lives that ended: moved to quarantine, or removed. */
  ended: readonly EndedLife[];
  /**
   * When to come again for each kind of work; undefined: there is nothing to wait for. In the past: work is left. While the
   * queue is paused nothing is due before the pause ends.
   */
  nextDueAtMs: number | undefined;
  nextIsolatedAtMs: number | undefined;
  nextLeaseAtMs: number | undefined;
  nextEndAtMs: number | undefined;
  /** When the queue needs a tick even if no session has room. */
  tendAtMs: number | undefined;
  leasesOut: number;
  /** When the move of the first moving message started. */
  firstMoveAtMs: number | undefined;
  /** The first due message is larger than the room of every session. */
  headTooLarge: boolean;
  deliveryStatus: DeliveryStatus;
}
