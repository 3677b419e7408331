import type { LeaseTokenParts } from "../core/lease-token.ts";
import type { GoneState, StoredState } from "../core/message.ts";
import type { QuarantineReason, Reason } from "../core/reason.ts";
import type { TokenBucket } from "../core/token-bucket.ts";
import type { DeletionSteps } from "./contract/deletion.ts";
import type { StoreHints } from "./contract/hints.ts";
import type { BreakerSnapshot, Limiters } from "./contract/limiters.ts";
import type { EditWrite, Messages } from "./contract/messages.ts";
import type { Moves } from "./contract/moves.ts";
import type { Records } from "./contract/records.ts";
import type { RouteItem, SendItem, SendReply, SendSettings } from "./contract/sends.ts";
import type { ClaimedSession, TickReply, TickRequest } from "./contract/tick.ts";

export type { DeletionSteps, PurgeStep, SealReply } from "./contract/deletion.ts";
export type { EndedLease, StoreHints } from "./contract/hints.ts";
export type { BreakerSnapshot, Limiters, OpenBreaker } from "./contract/limiters.ts";
export type {
  EditWrite,
  Messages,
  PrepareRetry,
  RetryItem,
  StoredContent,
  WalkedMessage,
  WalkedPage,
  WalkPlace,
} from "./contract/messages.ts";
export type {
  MoveEnd,
  MoveRefusal,
  Moves,
  MovingMessage,
  Received,
  ReceiveItem,
} from "./contract/moves.ts";
export type { Records, StoredRecord } from "./contract/records.ts";
export type {
  RouteItem,
  SendImportedHistory,
  SendItem,
  SendNumber,
  SendReply,
  SendSettings,
} from "./contract/sends.ts";
export type {
  Claimed,
  ClaimedSession,
  LostLease,
  SessionCredit,
  TickReply,
  TickRequest,
} from "./contract/tick.ts";

/**
 * What the service asks of its store. Every verb that changes something is atomic per queue and
 * safe to repeat; time is the store's, so delays go in and instants come out. A verb rejects with
 * a DlqError: STORE_UNAVAILABLE when it is unknown whether it ran, STORE_FULL when it did not.
 */
export interface Store {
  send(queue: string, items: readonly SendItem[], settings: SendSettings): Promise<SendReply[]>;
  /**
   * Before sends to one queue go to others: remembers which, under their requests. One for each, in
   * order: undefined, if the request was not known yet.
   */
  route(queue: string, items: readonly RouteItem[]): Promise<(SendReply | undefined)[]>;

  /** Expires, ends lives, claims for the given sessions, and says when to come again. */
  tick(queue: string, request: TickRequest): Promise<TickReply>;
  /** Gives back, uncounted, what a tick claimed whose reply never came; fences that tick off. */
  abandon(queue: string, claimNumber: number, sessions: readonly ClaimedSession[]): Promise<void>;

  /** Reads what verdicts need; or the answer, when this request has been answered before. */
  examine(
    queue: string,
    request: Uint8Array,
    tokens: readonly LeaseTokenParts[],
    withEnvelopes?: boolean,
  ): Promise<Examined[] | SettleReply>;
  /** Applies outcomes, all or none: undefined when a version has changed since `examine`. */
  settle(
    queue: string,
    request: Uint8Array,
    items: readonly SettleItem[],
  ): Promise<SettleReply | undefined>;
  extend(queue: string, items: readonly ExtendItem[]): Promise<ExtendReply[]>;
  /** The live leases of a session in one queue. */
  leases(queue: string, sessionId: Uint8Array): Promise<HeldLease[]>;

  readonly messages: Messages;
  readonly limiters: Limiters;

  /** One snapshot for each queue, in order; of a queue that does not exist, an empty one. */
  stats(queues: readonly string[]): Promise<QueueSnapshot[]>;
  /** Names of all queues, in no order. */
  queues(): Promise<string[]>;
  /** Whether it is one of them. */
  hasQueue(queue: string): Promise<boolean>;

  /** Makes a stream visible as a worker of its queues, and its session findable. */
  registerSession(session: SessionRecord): Promise<void>;
  unregisterSession(session: SessionRecord): Promise<void>;
  /** The queues of a session's stream; undefined when it is unknown. */
  sessionQueues(sessionId: string): Promise<string[] | undefined>;
  /** A sign of life of this node, so that its workers count. */
  beat(): Promise<void>;

  /** Settings of queues that were changed while servers ran: each a `dlq.storage.v1.QueueRecord`. */
  readonly configs: Records;
  /** As `configs`, of the deployment as a whole. */
  readonly deployment: Records;
  /** Messages on their way from one queue to another. */
  readonly moves: Moves;
  readonly deletion: DeletionSteps;

  /** Hints between nodes: cheap, and sometimes lost. */
  readonly hints: StoreHints;
}

export interface Examined {
  status: "APPLIED" | "LEASE_LOST" | "NOT_FOUND";
  version: number;
  attempts: number;
  releases: number;
  reason: Reason;
  poisoned: boolean;
  /** When its present round of attempts began; undefined: when it was accepted. */
  roundStartedAtMs: number | undefined;
  /** Before this attempt, where the policy grows from it. */
  lastDelayMs: number | undefined;
  /** `dlq.storage.v1.RetrySettings`. */
  retrySettings: Uint8Array;
  priority: number;
  /** Moves by rules so far. */
  hops: number;
  /** `dlq.storage.v1.Envelope` and, of an edited message, `dlq.storage.v1.Edits`, if they were asked for. */
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
  /** To another queue; what is said of delay and quarantine is for there. */
  | "failMove"
  | "release"
  /** Handed out and never written to its stream. */
  | "return";

export interface SettleItem {
  token: LeaseTokenParts;
  kind: SettleKind;
  /** Decided on this version of the message; undefined: whatever it is. */
  version?: number;
  delayMs?: number;
  /** The next delay grows from this one. */
  rememberDelay?: boolean;
  /** Failures: whether the reason counts for a breaker. */
  countsForBreaker?: boolean;
  quarantineReason?: QuarantineReason;
  reason?: Reason;
  failure?: Uint8Array;
  note?: string;
  /** Failures: the message's from now on. */
  priority?: number;
  /** Failures: the message's from now on, `dlq.storage.v1.RetrySettings`. */
  retrySettings?: Uint8Array;
  /** Where a `failMove` goes, and what becomes of the message here if it is refused there. */
  move?: { target: string; ifRefused: { delayMs: number; quarantineReason?: QuarantineReason } };
  /** failReschedule: edits of the message before its next delivery, decided on `version`. */
  edit?: EditWrite;
}

export interface Settled {
  status: "APPLIED" | "LEASE_LOST" | "NOT_FOUND";
  state: StoredState | GoneState | undefined;
  quarantineReason: QuarantineReason | undefined;
  dueAtMs: number | undefined;
  /** The session that held the lease, if it still did. */
  sessionId: Uint8Array | undefined;
  heldMs: number;
  ageMs: number;
}

export interface SettleReply {
  /** The answer to an earlier call of the same request: nothing has happened now. */
  repeated: boolean;
  nowMs: number;
  results: readonly Settled[];
}

export interface ExtendItem {
  token: LeaseTokenParts;
  leaseMs: number | undefined;
}

export interface ExtendReply {
  status: "APPLIED" | "LEASE_LOST" | "NOT_FOUND";
  leaseExpireAtMs: number | undefined;
}

export interface HeldLease {
  id: Uint8Array;
  deliveryNumber: number;
  nonce: Uint8Array;
  bytes: number;
  isolated: boolean;
}

export interface QueueSnapshot {
  nowMs: number;
  scheduled: number;
  dueNow: number;
  /** Those of the due ones that only a stream with nothing else in flight may get. */
  isolatedDue: number;
  inFlight: number;
  quarantined: number;
  nextDueAtMs: number | undefined;
  oldestQuarantinedAtMs: number | undefined;
  oldestAtMs: number | undefined;
  rates: { accepted: number; delivered: number; succeeded: number; failed: number };
  /** Totals and `bytes` by their name in the store. */
  counters: ReadonlyMap<string, number>;
  cells: readonly {
    state: StoredState;
    reason: Reason;
    quarantineReason: QuarantineReason | undefined;
    count: number;
  }[];
  /** Of the queue, where it has one. */
  breaker: BreakerSnapshot;
  /** Breakers that are not closed, of the queue or its keys. */
  openBreakers: number;
  /** Ordering keys that wait behind a quarantined message. */
  heldKeys: number;
  /** Keys, and the retry budget, that hold due messages back at present. */
  blockingLimiters: number;
  /** Of the queue's own rate; undefined: it is full, or there is none. */
  rateBucket: TokenBucket | undefined;
  /** Streams of nodes that are alive. */
  workers: number;
  /** Leases that these could still take here, by what they asked for. */
  freeCredit: number;
}

export interface SessionRecord {
  sessionId: string;
  workerId: string;
  queues: readonly string[];
  maxInFlight: number;
}
