import type { Payload } from "../../gen/dlq/v1/message_pb.ts";
import type { BreakerState, DeliveryStatus } from "../core/delivery-status.ts";
import type { DlqError } from "../core/errors.ts";
import type { LeaseTokenParts } from "../core/lease-token.ts";
import type {
  DueDelivery,
  GoneState,
  MessageFilter,
  RetryOutcome,
  StoredState,
} from "../core/message.ts";
import type { MessageRetry } from "../core/policy.ts";
import type { QuarantineReason, Reason } from "../core/reason.ts";
import type { RetryAfterFacts } from "../core/retry-after.ts";
import type { Transform } from "../core/transform/transform.ts";
import type { RuleFacts } from "../rules/facts.ts";

/**
 * What the transport asks of the use cases, and what it is told: already valid, in plain values.
 * Ids are the 16 bytes of a UUID; failures and envelopes are encoded protobuf, because the rules
 * need only the few fields beside them and the store keeps bytes.
 */

export type {
  DueDelivery,
  GoneState,
  MessageFilter,
  RetryOutcome,
  RetryRefusal,
  StoredState,
} from "../core/message.ts";

/** A failure as the rules see it. */
export interface FailureRecord extends RetryAfterFacts {
  /** As sent; undefined when absent or unknown to this version: it is categorized. */
  reason: Reason | undefined;
  type: string;
  message: string;
  grpcCode: number | undefined;
  httpStatus: number | undefined;
  attributes: Readonly<Record<string, string>>;
  /**
   * The `dlq.v1.Failure` to store, cut to its limits. Called once, with the reason in force:
   * an unspecified one is replaced by it, a number unknown to this version is kept.
   */
  encode(reason: Reason): Uint8Array;
}

/** What another system has counted of a message. */
export interface ImportedHistoryFacts {
  /** Failed attempts. */
  attempts: number;
  /** Failures that are kept of it, in its envelope. */
  failureCount: number;
  /** Not before 1970; perhaps in the future. */
  firstFailureAtMs: number | undefined;
  quarantined: boolean;
}

export interface SendCommand {
  /** Empty: not idempotent. */
  requestId: string;
  /** Which send of its client it is; so a repeat is known when its request is forgotten. */
  sendNumber?: { clientId: Uint8Array; number: number } | undefined;
  queue: string;
  payloadBytes: number;
  /** The `dlq.storage.v1.Envelope` to store, its failure carrying the reason in force. */
  encodeEnvelope(reason: Reason): Uint8Array;
  failure: FailureRecord;
  importedHistory?: ImportedHistoryFacts | undefined;
  sourceId: string;
  dedupKey: string;
  /** 16 bytes that differ when the payloads do; only read when there is a dedup key. */
  payloadHash: Uint8Array;
  /** At most one of these two. */
  delayMs: number | undefined;
  dueAtMs: number | undefined;
  ttlMs: number | undefined;
  retry: MessageRetry;
  /** -100 to 100. */
  priority: number;
  orderingKey: string;
  /** The value of one of its attributes. */
  attribute(name: string): string | undefined;
  /** What routing rules see of it; only called when there are some. */
  ruleFacts(): RuleFacts["message"];
}

export interface SendResult {
  /** Of no meaning when DISCARDED: it was dropped by a rule, and never stored. Nor without a state. */
  id: Uint8Array;
  /** Undefined: its number was taken before, and no more is known of that send. */
  state: StoredState | "DISCARDED" | undefined;
  reason: Reason;
  /** Only when SCHEDULED. */
  dueAtMs: number | undefined;
  duplicate: boolean;
  quarantineReason: QuarantineReason | undefined;
  /** Where it is, if a rule has chosen another queue than it was sent to. */
  queue?: string | undefined;
}

export type OutcomeCommand =
  | { kind: "invalid"; detail: string }
  | { kind: "succeeded"; token: LeaseTokenParts }
  | {
      kind: "failed";
      token: LeaseTokenParts;
      failure: FailureRecord;
      retryAfterMs: number | undefined;
      nonRetryable: boolean;
    }
  | { kind: "released"; token: LeaseTokenParts; delayMs: number | undefined }
  | { kind: "quarantined"; token: LeaseTokenParts; note: string }
  | { kind: "discarded"; token: LeaseTokenParts; note: string };

export type AckStatus = "APPLIED" | "LEASE_LOST" | "NOT_FOUND" | "INVALID";

export interface AckOutcome {
  status: AckStatus;
  state: StoredState | GoneState | undefined;
  dueAtMs: number | undefined;
  quarantineReason: QuarantineReason | undefined;
  /** Only for INVALID. */
  detail: string;
}

export type ExtendCommand =
  /** An undefined token is one that could not be read: it is answered INVALID. */
  | { tokens: readonly (LeaseTokenParts | undefined)[]; leaseMs: number | undefined }
  | { sessionId: string; leaseMs: number | undefined };

export interface ExtendOutcome {
  token: LeaseTokenParts | undefined;
  status: AckStatus;
  leaseExpireAtMs: number | undefined;
  shouldStop: boolean;
}

export interface RetryCommand {
  requestId: string;
  queue: string;
  /** Ids in the order given; undefined where one could not be read. */
  by:
    | { ids: readonly (Uint8Array | undefined)[] }
    | { filter: MessageFilter; expectedCount: number };
  /** Edits of each message before. */
  transforms?: readonly Transform[] | undefined;
  /** Says what would be, and changes nothing. */
  dryRun?: boolean | undefined;
}

/** What edits can change of a message. */
export interface MessageContent {
  payload: Payload;
  attributes: Readonly<Record<string, string>>;
}

/** What edits would make of one message. */
export interface RetryPreview {
  id: Uint8Array;
  before: MessageContent;
  after: MessageContent;
}

export interface RetryResult extends RetryOutcome {
  /** Of a dry run with transforms: the first ones. */
  previews?: readonly RetryPreview[] | undefined;
}

export interface QueueReport {
  queue: string;
  scheduled: number;
  dueNow: number;
  inFlight: number;
  quarantined: number;
  bytes: number;
  counts: readonly {
    state: StoredState;
    reason: Reason;
    quarantineReason: QuarantineReason | undefined;
    count: number;
  }[];
  /** Of the oldest message, in any state. */
  oldestAgeMs: number | undefined;
  /** Since the message that came to quarantine first came there. */
  oldestQuarantinedAgeMs: number | undefined;
  nextDueAtMs: number | undefined;
  workers: number;
  paused: boolean;
  rates: { accepted: number; delivered: number; succeeded: number; failed: number };
  totals: QueueTotals;
  breaker: { state: BreakerState; retryAtMs: number | undefined };
  /** Breakers that are not closed, of the queue or of its keys. */
  openBreakers: number;
  /** Ordering keys that wait behind a quarantined message. */
  heldKeys: number;
  conditions: readonly { code: string; message: string }[];
}

export interface QueueTotals {
  accepted: number;
  joined: number;
  succeeded: number;
  discarded: number;
  expired: number;
  purged: number;
  movedOut: number;
  movedIn: number;
  deliveries: number;
  failedAttempts: number;
  released: number;
  leaseExpiries: number;
}

export interface StatsReport {
  /** Undefined: there was no queue to ask about. */
  nowMs: number | undefined;
  queues: readonly QueueReport[];
}

export interface StreamCommand {
  queues: readonly string[];
  workerId: string;
  maxInFlight: number;
  maxInFlightBytes: number;
  leaseMs: number | undefined;
  /** The UUID of the session to take over. */
  resumeSessionId: string | undefined;
}

export type StreamFrame =
  | { kind: "opened"; sessionId: string; leaseMs: number; leasesHeld: number }
  | { kind: "deliveries"; deliveries: readonly DueDelivery[] }
  | { kind: "heartbeat" }
  | { kind: "queueStatus"; queue: string; deliveryStatus: DeliveryStatus }
  | { kind: "drain"; graceMs: number };

/** The use cases, as the transport sees them. Each rejects with a DlqError only. */
export interface Dlq {
  /** One result or error each, in order. Rejects only when nothing could be tried at all. */
  send(commands: readonly SendCommand[]): Promise<(SendResult | DlqError)[]>;
  ack(requestId: string, outcomes: readonly OutcomeCommand[]): Promise<AckOutcome[]>;
  extend(command: ExtendCommand): Promise<ExtendOutcome[]>;
  /** Work that nobody waits for any more ends when the signal aborts; never half done. */
  retry(command: RetryCommand, signal?: AbortSignal): Promise<RetryResult>;
  stats(queues: readonly string[]): Promise<StatsReport>;
  /**
   * Frames of one worker's stream. Ends when the signal aborts or the server drains. The consumer
   * asks for the next frame only when the last one is written: nothing is claimed for a stream
   * that does not read.
   */
  stream(command: StreamCommand, signal: AbortSignal): AsyncIterable<StreamFrame>;
}
