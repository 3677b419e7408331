import type { DeliveryStatus } from "../../core/delivery-status.ts";
import type { DueDelivery, StoredState } from "../../core/message.ts";
import type { QueueSettings } from "../../core/settings.ts";

/** A claim's nonce is of one session and one tick: part of each token that it makes. */
export interface ClaimedSession {
  sessionId: Uint8Array;
  nonce: Uint8Array;
}

export interface SessionCredit extends ClaimedSession {
  count: number;
  bytes: number;
  leaseMs: number;
  /** Holds nothing and reserves nothing else: may take a suspect, or one larger than its bytes. */
  canIsolate: boolean;
}

export interface TickRequest {
  /** Grows with each tick of this node on this queue. */
  claimNumber: number;
  sessions: readonly SessionCredit[];
  settings: Pick<QueueSettings, "ttlAction" | "quarantineRetentionMs"> &
    Partial<Pick<QueueSettings, "paused" | "pausedUntilAtMs">>;
}

export interface Claimed extends DueDelivery {
  /** Index into the request's sessions. */
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

export interface TickReply {
  nowMs: number;
  /** It is sealed: nothing is handed out any more, and somebody has to finish its deletion. */
  deleting: boolean;
  claimed: readonly Claimed[];
  lost: readonly LostLease[];
  /** Lives that ended: moved to quarantine, or removed. */
  ended: readonly { id: Uint8Array; state: "QUARANTINED" | "EXPIRED" }[];
  /**
   * Heads, where there is something to wait for. In the past: there is work left to do. While the
   * queue is paused nothing is due before the pause ends.
   */
  nextDueAtMs: number | undefined;
  nextIsolatedAtMs: number | undefined;
  nextLeaseAtMs: number | undefined;
  nextEndAtMs: number | undefined;
  leasesOut: number;
  /** When the first message of those set out that are on their way to another queue. */
  firstMoveAtMs: number | undefined;
  /** The first due message is larger than the room of every session that was offered. */
  headTooLarge: boolean;
  deliveryStatus: DeliveryStatus;
}
