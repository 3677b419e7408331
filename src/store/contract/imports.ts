import type { QuarantineReason, Reason } from "../../core/reason.ts";
import type { QueueSettings } from "../../core/settings.ts";
import type { FailureGroup } from "./groups.ts";
import type { StoredEvent, StoredFailure } from "./message-reads.ts";

/** A whole message of another queue or deployment, to be stored as it is. */
export interface ImportItem {
  id: Uint8Array;
  /** The queue that it was exported from. */
  from: string;
  /** Undefined: it is scheduled. */
  quarantineReason: QuarantineReason | undefined;
  reason: Reason;
  isolated: boolean;
  poisoned: boolean;
  attempts: number;
  deliveries: number;
  releases: number;
  leaseExpiries: number;
  unknownOutcomes: number;
  /** With those that are not kept. */
  failureCount: number;
  dueAtMs: number;
  /** Undefined: never expires. If it is over, it begins again, with the length `ttlMs`. */
  expireAtMs: number | undefined;
  ttlMs: number;
  roundStartedAtMs: number | undefined;
  lastDelayMs: number;
  moves: number;
  /** -100 to 100. */
  priority: number;
  sourceId: string;
  retrySettings: Uint8Array;
  /** `dlq.storage.v1.Envelope`. */
  envelope: Uint8Array;
  /** Of the envelope, the payload alone. */
  payloadBytes: number;
  /** `dlq.storage.v1.Edits`, and the bytes of the payload in it. Undefined: never edited. */
  edits: { record: Uint8Array; payloadBytes: number } | undefined;
  /** Those after the one in the envelope, oldest first: at most 16. */
  laterFailures: readonly StoredFailure[];
  /** Oldest first; the latest 16 are kept. */
  events: readonly StoredEvent[];
  /** Empty: none. */
  limiterKey: string;
  /** Empty if the queue keeps no order. */
  orderingKey: string;
  /** `dlq.storage.v1.EventFields`, at most 255 bytes. Undefined: none. */
  eventFields: Uint8Array | undefined;
  group: FailureGroup | undefined;
}

export interface ImportHow {
  /** Names the import: a message is stored once under it in 7 days. */
  importId: string;
  /** For the timelines. Undefined: unknown. */
  caller: string | undefined;
  /** Only answers. */
  dryRun: boolean;
}

export type Imported = "IMPORTED" | "ALREADY_THERE" | "FULL_MESSAGES" | "FULL_BYTES" | "DELETING";

export type ImportSettings = Pick<QueueSettings, "maxMessages" | "maxBytes">;
