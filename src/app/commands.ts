import type { BreakerState, DeliveryStatus } from "../core/delivery-status.ts";
import type { DlqError } from "../core/errors.ts";
import type { LeaseTokenParts } from "../core/lease-token.ts";
import type {
  DueDelivery,
  GoneState,
  MessageContent,
  RetryOutcome,
  StoredState,
} from "../core/message.ts";
import type { MessageRetry } from "../core/policy.ts";
import type { QuarantineReason, Reason } from "../core/reason.ts";
import type { RetryAfterFacts } from "../core/retry-after.ts";
import type { RetrySelection } from "../core/retry-selection.ts";
import type { Transform } from "../core/transform/transform.ts";
import type { RuleFacts } from "../rules/facts.ts";

/**
 * Commands and results of the use cases, in plain and valid values. Ids are the 16 bytes of a UUID.
 * Failures and envelopes are encoded protobuf: decisions need only the few fields beside them, and
 * the store keeps bytes.
 */

export type {
  DueDelivery,
  GoneState,
  MessageContent,
  MessageFilter,
  RetryOutcome,
  RetryRefusal,
  StoredState,
} from "../core/message.ts";
export type { RetryCursor } from "../core/retry-selection.ts";

/** A failure as decisions use it. */
export interface FailureRecord extends RetryAfterFacts {
  /** As sent; undefined if absent or unknown to this version. It is then categorized. */
  reason: Reason | undefined;
  type: string;
  message: string;
  /** As the runtime prints it. Empty: none. */
  stackTrace: string;
  /** The sender's own fingerprint. Empty: none. */
  fingerprint: string;
  grpcCode: number | undefined;
  httpStatus: number | undefined;
  attributes: Readonly<Record<string, string>>;
  /**
   * Returns the `dlq.v1.Failure` to store, cut to its limits. `reason` replaces an unspecified
   * reason; a number that is unknown to this version is kept.
   */
  encode(reason: Reason): Uint8Array;
}

/** The imported history of a message. */
export interface ImportedHistoryFacts {
  /** Failed attempts. */
  attempts: number;
  /** Failures stored in the envelope. */
  failureCount: number;
  /** From 1970 on; may be in the future. */
  firstFailureAtMs: number | undefined;
  quarantined: boolean;
}

export interface SendCommand {
  /** Empty: not idempotent. */
  requestId: string;
  /** The client's number of this send. It detects a repeat after the request id is forgotten. */
  sendNumber?: { clientId: Uint8Array; number: number } | undefined;
  queue: string;
  payloadBytes: number;
  /**
   * Returns the `dlq.storage.v1.Envelope` to store, with this reason in its failure. `decision`: what was decided, in words.
   * Default: none.
   */
  encodeEnvelope(reason: Reason, decision?: string): Uint8Array;
  failure: FailureRecord;
  importedHistory?: ImportedHistoryFacts | undefined;
  sourceId: string;
  dedupKey: string;
  /** A hash of 16 bytes. Only read if there is a dedup key. */
  payloadHash: Uint8Array;
  /** At most one of `delayMs` and `dueAtMs` is set. */
  delayMs: number | undefined;
  dueAtMs: number | undefined;
  ttlMs: number | undefined;
  retry: MessageRetry;
  /** -100 to 100. */
  priority: number;
  orderingKey: string;
  /** Returns the value of an attribute. */
  attribute(name: string): string | undefined;
  /** The payload. Undefined: none. */
  payload(): string | Uint8Array | undefined;
  /** The message as routing rules see it. Only called if there are rules. */
  ruleFacts(): RuleFacts["message"];
}

export interface SendResult {
  /** Without meaning if the state is DISCARDED (a rule dropped the message) or undefined. */
  id: Uint8Array;
  /** Undefined: the send number was used before, and the earlier result is no longer known. */
  state: StoredState | "DISCARDED" | undefined;
  reason: Reason;
  /** Only when SCHEDULED. */
  dueAtMs: number | undefined;
  duplicate: boolean;
  quarantineReason: QuarantineReason | undefined;
  /** The queue, if a rule chose another one. */
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

export type AckStatus = "APPLIED" | "LEASE_LOST" | "NOT_FOUND" | "INVALID" | "INTERNAL";

export interface AckOutcome {
  status: AckStatus;
  state: StoredState | GoneState | undefined;
  dueAtMs: number | undefined;
  quarantineReason: QuarantineReason | undefined;
  /** Only for INVALID. */
  detail: string;
  /** Only for INTERNAL: the data of the queue is damaged. */
  error?: DlqError;
}

export type ExtendCommand =
  /** An undefined token could not be read; its result is INVALID. */
  | { tokens: readonly (LeaseTokenParts | undefined)[]; leaseMs: number | undefined }
  | { sessionId: string; leaseMs: number | undefined };

export interface ExtendOutcome {
  token: LeaseTokenParts | undefined;
  status: AckStatus;
  leaseExpireAtMs: number | undefined;
  shouldStop: boolean;
  /** Only for INTERNAL: the data of the queue is damaged. */
  error?: DlqError;
}

/** The name of the caller's token, for logs and records. Undefined: the server needs no token. */
export type Caller = string | undefined;

export interface RetryCommand {
  requestId: string;
  queue: string;
  /** Ids in the given order; undefined if one could not be read. */
  by: { ids: readonly (Uint8Array | undefined)[] } | RetrySelection;
  /** Edits of each message before it is retried. */
  transforms?: readonly Transform[] | undefined;
  /** Returns what would happen and changes nothing. */
  dryRun?: boolean | undefined;
  /** Whether previews have what the queue hides. */
  showRedacted?: boolean | undefined;
  caller?: Caller;
}

/** A message before and after edits. */
export interface RetryPreview {
  id: Uint8Array;
  before: MessageContent;
  after: MessageContent;
  /** What is hidden of it: see RedactedMessage.hidden. */
  redacted: readonly string[];
}

export interface RetryResult extends RetryOutcome {
  /** The first previews of a dry run with transforms. */
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
  /** Age of the oldest message, in any state. */
  oldestAgeMs: number | undefined;
  /** Time since the earliest quarantined message came to quarantine. */
  oldestQuarantinedAgeMs: number | undefined;
  nextDueAtMs: number | undefined;
  workers: number;
  quietWorkers: number;
  paused: boolean;
  rates: { accepted: number; delivered: number; succeeded: number; failed: number };
  totals: QueueTotals;
  breaker: { state: BreakerState; retryAtMs: number | undefined };
  /** Breakers that are not closed, of the queue or of its keys. */
  openBreakers: number;
  /** Ordering keys that wait behind a quarantined message. */
  heldKeys: number;
  /** `partly`: it holds back some messages only. */
  conditions: readonly { code: string; message: string; partly?: boolean }[];
}

/** The report of a queue with damaged data: its figures are unknown. */
export interface DamagedReport extends Pick<QueueReport, "queue" | "conditions"> {
  damaged: true;
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
  undeleted: number;
  deliveries: number;
  failedAttempts: number;
  released: number;
  leaseExpiries: number;
}

/** Queues by name, of a longer list. */
export interface QueuesPage {
  pageSize: number;
  /** The name before the page; empty: from the start. */
  after: string;
}

export interface StatsReport {
  /** The name after which the next page begins; undefined if there is none. */
  next?: string | undefined;
  /** Undefined if there is no queue. */
  nowMs: number | undefined;
  queues: readonly (QueueReport | DamagedReport)[];
}

export interface StreamCommand {
  queues: readonly string[];
  workerId: string;
  maxInFlight: number;
  maxInFlightBytes: number;
  leaseMs: number | undefined;
  /** The UUID of the session to take over. */
  resumeSessionId: string | undefined;
  /** May change while the stream is open. */
  readonly caller?: Caller;
}

export type StreamFrame =
  | { kind: "opened"; sessionId: string; leaseMs: number; leasesHeld: number }
  | { kind: "deliveries"; deliveries: readonly DueDelivery[] }
  | { kind: "heartbeat" }
  | { kind: "queueStatus"; queue: string; deliveryStatus: DeliveryStatus }
  | { kind: "drain"; graceMs: number };

/** The use cases for producers and workers. Each rejects with a DlqError; or, if its signal aborts, with the signal's reason. */
export interface Dlq {
  /**
   * Returns one result or error for each command, in order. Rejects only if no command could be
   * tried.
   */
  send(commands: readonly SendCommand[]): Promise<(SendResult | DlqError)[]>;
  ack(
    requestId: string,
    outcomes: readonly OutcomeCommand[],
    caller?: Caller,
  ): Promise<AckOutcome[]>;
  extend(command: ExtendCommand): Promise<ExtendOutcome[]>;
  /** The signal stops the work between two steps of the store. */
  retry(command: RetryCommand, signal?: AbortSignal): Promise<RetryResult>;
  /** Without names: a page of all queues. */
  stats(queues: readonly string[], page?: QueuesPage): Promise<StatsReport>;
  /**
   * Frames of one worker's stream. Ends when the signal aborts or the server drains. Nothing is
   * claimed for a stream until its last frame is written.
   */
  stream(command: StreamCommand, signal: AbortSignal): AsyncIterable<StreamFrame>;
}
