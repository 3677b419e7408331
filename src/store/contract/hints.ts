import type { LeaseTokenParts } from "../../core/lease-token.ts";

export interface StoreHints {
  /** A claim of this queue may find something in `inMs` milliseconds: sooner than was known. */
  onWake(listener: (queue: string, inMs: number) => void): void;
  /** Leases of this session have ended on another node. */
  onCredit(listener: (sessionId: string, ended: readonly EndedLease[]) => void): void;
  /** A stream on another node has taken this session over. */
  onTakeover(listener: (sessionId: string) => void): void;
  /** A session has become quiet, or takes messages again. */
  onQuiet(listener: (sessionId: string) => void): void;
  /** Settings of this queue have changed, or it was deleted. */
  onConfig(listener: (queue: string, deleted: boolean) => void): void;
  /** The connection is back: hints may have been missed. */
  onReconnect(listener: () => void): void;
  announceCredit(sessionId: string, ended: readonly EndedLease[]): void;
  announceTakeover(sessionId: string): void;
  announceQuiet(sessionId: string): void;
}

export type EndedLease = Pick<LeaseTokenParts, "queue" | "messageId" | "deliveryNumber">;
