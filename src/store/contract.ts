import type { DlqError } from "../core/errors.ts";
import type { LeaseTokenParts } from "../core/lease-token.ts";
import type { StoredState } from "../core/message.ts";
import type { QuarantineReason, Reason } from "../core/reason.ts";
import type { Retention } from "../core/retention.ts";
import type { TokenBucket } from "../core/token-bucket.ts";
import type { BatchJobs } from "./contract/batch-jobs.ts";
import type { DeletedMessages } from "./contract/deleted-messages.ts";
import type { DeletionSteps } from "./contract/deletion.ts";
import type { BreakerSnapshot, DeliveryBlocks } from "./contract/delivery-blocks.ts";
import type { Groups } from "./contract/groups.ts";
import type { StoreHints } from "./contract/hints.ts";
import type { MessageReads } from "./contract/message-reads.ts";
import type { Messages } from "./contract/messages.ts";
import type { Moves } from "./contract/moves.ts";
import type { Outbox } from "./contract/outbox.ts";
import type { QuietSessions } from "./contract/quiet-sessions.ts";
import type { QueueRecords, Records } from "./contract/records.ts";
import type { RouteItem, SendItem, SendReply, SendSettings } from "./contract/sends.ts";
import type { Examined, SettleItem, SettleReply } from "./contract/settle.ts";
import type { StoreDescription } from "./contract/store-description.ts";
import type { ClaimedSession, TickReply, TickRequest } from "./contract/tick.ts";
import type { WakeUps } from "./contract/wake-ups.ts";
import type { BrokenLease, LeaseBreak, LeaseToBreak, QueueWorker } from "./contract/workers.ts";

export type * from "./contract/batch-jobs.ts";
export type {
  DeletedMessage,
  DeletedMessages,
  DeletedPage,
  DeletedPlace,
  DeletedRange,
  DeletedState,
  UndeleteHow,
  UndeleteRefusal,
  UndeleteResult,
  Undeletion,
} from "./contract/deleted-messages.ts";
export type { DeletionSteps, PurgeStep, SealReply } from "./contract/deletion.ts";
export type { BreakerSnapshot, DeliveryBlocks, OpenBreaker } from "./contract/delivery-blocks.ts";
export type {
  ArchiveEnd,
  FailureGroup,
  GroupBeginning,
  GroupChange,
  GroupDetails,
  GroupStatus,
  Groups,
  QueueCount,
  StoredGroup,
  TrendTimes,
} from "./contract/groups.ts";
export type { EndedLease, StoreHints } from "./contract/hints.ts";
export type { Imported, ImportHow, ImportItem, ImportSettings } from "./contract/imports.ts";
export type {
  ListedMessage,
  MessageBlocks,
  MessageDetails,
  MessagePlace,
  MessageReads,
  MessageState,
  StateFields,
  StateSelection,
  StatesFrom,
  StatesPage,
  StoredAttempt,
  StoredEvent,
  StoredEventKind,
  StoredFailure,
} from "./contract/message-reads.ts";
export type {
  EditWrite,
  MatchingPage,
  Messages,
  PrepareRetry,
  RetryItem,
  StoredContent,
  WalkedMessage,
  WalkedPage,
} from "./contract/messages.ts";
export type {
  MoveEnd,
  MoveRefusal,
  Moves,
  MovingMessage,
  Received,
  ReceiveItem,
} from "./contract/moves.ts";
export type {
  Outbox,
  OutboxChange,
  OutboxGap,
  OutboxItem,
  OutboxPage,
  OutboxPosition,
} from "./contract/outbox.ts";
export type { QuietSessions } from "./contract/quiet-sessions.ts";
export type {
  QueueChange,
  QueueRecords,
  Records,
  StoredRecord,
  WithSettings,
} from "./contract/records.ts";
export type {
  RouteItem,
  SendImportedHistory,
  SendItem,
  SendNumber,
  SendReply,
  SendSettings,
} from "./contract/sends.ts";
export type { Examined, Settled, SettleItem, SettleKind, SettleReply } from "./contract/settle.ts";
export type { OutboxBacklog, SharedReader } from "./contract/shared-reader.ts";
export type { StoreDescription } from "./contract/store-description.ts";
export type {
  Claimed,
  ClaimedSession,
  EndedLife,
  LostLease,
  SessionCredit,
  TickReply,
  TickRequest,
} from "./contract/tick.ts";
export type { Overdue, WakeUps } from "./contract/wake-ups.ts";
export type { BrokenLease, LeaseBreak, LeaseToBreak, QueueWorker } from "./contract/workers.ts";

/**
 * The store of the service. Every verb that changes something is atomic per queue and safe to repeat. Time is the store's:
 * delays go in and instants come out. A verb rejects with a DlqError: STORE_UNAVAILABLE if it is unknown whether it ran,
 * STORE_FULL if it did not run.
 */
export interface Store {
  send(queue: string, items: readonly SendItem[], settings: SendSettings): Promise<SendReply[]>;
  /**
   * Before sends to one queue go to others: stores which one under each request. Returns for each, in order, its earlier
   * answer; undefined: the request is new.
   */
  route(queue: string, items: readonly RouteItem[]): Promise<(SendReply | undefined)[]>;

  /** Expires leases, ends lives, claims for the given sessions, and returns when to come again. */
  tick(queue: string, request: TickRequest): Promise<TickReply>;
  /** Gives back, uncounted, what a tick claimed whose reply was lost, and fences that tick off. */
  abandon(queue: string, claimNumber: number, sessions: readonly ClaimedSession[]): Promise<void>;

  /** Reads what verdicts depend on; or the answer, if this request was answered before. */
  examine(
    queue: string,
    request: Uint8Array,
    tokens: readonly LeaseTokenParts[],
    withEnvelopes?: boolean,
  ): Promise<Examined[] | SettleReply>;
  /**
   * Applies outcomes, all or none. Undefined: a version has changed since `examine`. `retention`: how long messages that end can be
   * brought back; by default not at all.
   */
  settle(
    queue: string,
    request: Uint8Array,
    items: readonly SettleItem[],
    retention?: Retention,
  ): Promise<SettleReply | undefined>;
  extend(queue: string, items: readonly ExtendItem[]): Promise<ExtendReply[]>;
  /**
   * Takes a message back from the worker that holds it: it is due at once. Undefined: no worker holds it by that delivery.
   */
  breakLease(queue: string, lease: LeaseToBreak, how: LeaseBreak): Promise<BrokenLease | undefined>;
  /** The live leases of a session in one queue. */
  leases(queue: string, sessionId: Uint8Array): Promise<HeldLease[]>;

  readonly wakeUps: WakeUps;
  readonly messages: Messages;
  readonly messageReads: MessageReads;
  readonly deliveryBlocks: DeliveryBlocks;
  readonly outbox: Outbox;

  /** One snapshot for each queue, in order; an empty one for a queue that does not exist. Rejects if one cannot be read. */
  stats(queues: readonly string[]): Promise<QueueSnapshot[]>;
  /** As `stats`, with an error of the kind INTERNAL in place of a queue whose data is damaged. */
  statsOrErrors(queues: readonly string[]): Promise<(QueueSnapshot | DlqError)[]>;
  /** The open streams of a queue, and those that have ended and still hold messages of it. */
  workers(queue: string): Promise<QueueWorker[]>;
  /** Reads what the store says about itself. */
  describe(): Promise<StoreDescription>;
  /**
   * Returns the sizes of each queue, in order: a part of `stats`, which costs less. Queues that do not exist are empty.
   * Undefined: the data of the queue is damaged.
   */
  sizes(queues: readonly string[]): Promise<(QueueSizes | undefined)[]>;
  /** Names of queues by code units, after `after`: at most `most` (default 1,000). */
  queues(after?: string, most?: number): Promise<readonly string[]>;
  /** Number of partitions. Each queue is in one of them, counted from 0, and stays there. */
  readonly partitions: number;
  /** Names of the queues of these partitions, by code units. */
  queuesIn(partitions: readonly number[]): Promise<string[][]>;
  /** Whether the queue exists. */
  hasQueue(queue: string): Promise<boolean>;
  /** Returns those of the queues that exist. */
  existingOf(queues: readonly string[]): Promise<ReadonlySet<string>>;

  /**
   * Registers a stream as a worker of its queues; `sessionQueues` finds its session. Stores nothing
   * for queues that do not exist.
   */
  registerSession(session: SessionRecord): Promise<void>;
  /** Registers this server's open streams as workers of a queue that was created after they opened. */
  registerWorkers(queue: string): Promise<void>;
  /**
   * The stream of a session has ended. `sessionQueues` finds the session for as long as its leases may last, if it holds any.
   * Keeps what a new stream of the session has written, here or on another server.
   */
  unregisterSession(session: SessionRecord, holdsLeases: boolean): Promise<void>;
  /** The queues of the streams of a session; undefined: the session is unknown, or its stream ended without leases. */
  sessionQueues(sessionId: string): Promise<string[] | undefined>;
  readonly quietSessions: QuietSessions;
  /**
   * Call every 3 s. Writes this server's sign of life, confirms that the store is still the same, and rewrites old entries of
   * streams.
   */
  signOfLife(): Promise<void>;

  /** Settings of queues that were changed while servers ran: each a `dlq.storage.v1.QueueRecord`. */
  readonly configs: QueueRecords;
  /** As `configs`, of the whole deployment. */
  readonly deployment: Records;
  /** Moves of messages from one queue to another. */
  readonly moves: Moves;
  readonly groups: Groups;
  readonly deletion: DeletionSteps;
  readonly jobs: BatchJobs;
  readonly deleted: DeletedMessages;

  /** Hints between nodes: cheap, and sometimes lost. */
  readonly hints: StoreHints;
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
  /** Due messages that get isolated delivery. */
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
  /** The breaker of the queue, if it has one. */
  breaker: BreakerSnapshot;
  /** Breakers that are not closed, of the queue or its keys. */
  openBreakers: number;
  /** Ordering keys that wait behind a quarantined message. */
  heldKeys: number;
  /** Limiters that block due messages now: those of keys, and the retry budget. */
  blockingLimiters: number;
  /** The bucket of the queue's rate; undefined: it is full, or there is none. */
  rateBucket: TokenBucket | undefined;
  /** Streams of nodes that are alive, without quiet ones. */
  workers: number;
  /** Those that take no further messages. */
  quietWorkers: number;
  /** Leases that `workers` could still take here. */
  freeCredit: number;
}

/** What metrics show of a queue. */
export interface QueueSizes {
  nowMs: number;
  /** In any state. */
  messages: number;
  dueNow: number;
  inFlight: number;
  quarantined: number;
  oldestAtMs: number | undefined;
  /** Breakers that are not closed, of the queue or its keys. */
  openBreakers: number;
  /** Ordering keys that wait behind a quarantined message. */
  heldKeys: number;
  /** Streams of nodes that are alive, without quiet ones. */
  workers: number;
  quietWorkers: number;
}

export interface SessionRecord {
  sessionId: string;
  workerId: string;
  queues: readonly string[];
  maxInFlight: number;
}
