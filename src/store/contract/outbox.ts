import type { GoneState, StoredState } from "../../core/message.ts";
import type { QuarantineReason, Reason } from "../../core/reason.ts";

export type ChangeKind =
  | "SENT"
  | "JOINED"
  | "CLAIMED"
  | "SUCCEEDED"
  | "FAILED"
  | "RELEASED"
  | "RETURNED"
  | "LEASE_EXPIRED"
  | "QUARANTINED"
  | "DISCARDED"
  | "EXPIRED_TTL"
  | "RETRIED"
  | "EXPIRED_RETENTION"
  | "BREAKER_OPENED"
  | "BREAKER_HALF_OPENED"
  | "BREAKER_CLOSED"
  | "ORDER_RELEASED"
  | "MOVED_OUT"
  | "MOVED_IN"
  | "MOVE_REFUSED"
  | "EDITED"
  | "PURGED"
  | "QUEUE_PAUSED"
  | "QUEUE_RESUMED"
  | "GROUP_OPENED"
  | "GROUP_REGRESSED"
  | "UNDELETED";

/** One state change of a message, a breaker, a queue or a group. */
export interface OutboxChange {
  /** With epoch and number it names the change: no other one has the same three. */
  readonly partition: number;
  /**
   * Its epoch: within one, numbers of a partition are unique, and a later one is larger. Most often it is the time when Redis or the
   * first server last started, or Redis failed over, before the change.
   */
  readonly epochMs: number;
  /** Its number in the outbox of the partition. */
  readonly number: number;
  readonly atMs: number;
  readonly queue: string;
  /** Undefined: a kind of a newer version. */
  readonly kind: ChangeKind | undefined;
  /** All zero: of no message, such as one of a breaker or a queue. */
  readonly id: Uint8Array;
  readonly version: number;
  readonly state: StoredState | GoneState | undefined;
  readonly reason: Reason | undefined;
  readonly quarantineReason: QuarantineReason | undefined;
  readonly attempts: number;
  readonly deliveryNumber: number;
  readonly dueAtMs: number | undefined;
  readonly note: string;
  /** `dlq.storage.v1.EventFields`, or nothing. */
  readonly fields: Uint8Array;
}

/** What a reader gets next: a change, or a gap before the next one. */
export type OutboxItem = OutboxChange | OutboxGap;

/** Changes that a reader missed, or that it read before Redis lost them. Partition, epoch and number name the gap. */
export interface OutboxGap {
  /** Missed: they were removed before they were read. Undone: Redis has older data than when they were read. */
  readonly gap: "missed" | "undone";
  readonly partition: number;
  /** Of the change that was read last. */
  readonly epochMs: number;
  /** The number of the first of them. */
  readonly from: number;
  readonly count: number;
  /** They happened after this time, by the store's clock. 0: that is not known. */
  readonly afterMs: number;
  /** They happened at this time or before. */
  readonly untilMs: number;
}

/** How far a reader has come in the outbox of a partition. */
export interface OutboxPosition {
  /** The last entry that was read. */
  readonly entryId: string;
  /** The number of the next change. */
  readonly next: number;
  /** Of the last entry. */
  readonly epochMs: number;
}

/** After nothing: the next change is the first one that the partition ever had. */
export const OUTBOX_START: OutboxPosition = { entryId: "0-0", next: 0, epochMs: 0 };

export const isSamePosition = (a: OutboxPosition, b: OutboxPosition) =>
  a.entryId === b.entryId && a.next === b.next && a.epochMs === b.epochMs;

export interface OutboxBeginning {
  /** Before the first kept change that is not older than the instant. */
  readonly position: OutboxPosition;
  /** Changes before this time were removed, by the store's clock. Undefined: none since the instant were. */
  readonly keptSinceMs: number | undefined;
}

export interface OutboxPage {
  readonly items: readonly OutboxItem[];
  /** After the items. Undefined: there is nothing yet, and the reader had no position. */
  readonly position: OutboxPosition | undefined;
  /** Whether there may be more now. */
  readonly hasMore: boolean;
}

/** The outboxes of all partitions. They are read only. */
export interface Outbox {
  /**
   * Names the data of the deployment, so that positions and changes of another one can be distinguished: six characters. It changes if
   * the data is lost as a whole, not with a restored backup. Throws STORE_UNAVAILABLE before the store was first reached.
   */
  readonly storeId: string;
  /** How many partitions there are; they count from 0. */
  readonly partitions: number;
  /** The partition that has the changes of a queue. */
  partitionOf(queue: string): number;
  /** Reads what follows a position in a partition. Undefined: from the oldest change that is kept. */
  read(partition: number, from: OutboxPosition | undefined): Promise<OutboxPage>;
  /** Returns the same for a partition that is followed, if it is in memory. Undefined: it must be read. */
  recent(partition: number, position: OutboxPosition): OutboxPage | undefined;
  /** The ends of partitions now, in order. */
  ends(partitions: readonly number[]): Promise<OutboxPosition[]>;
  /** The position before the oldest change that is kept. */
  oldest(partition: number): Promise<OutboxPosition>;
  /**
   * Where to begin to read changes since an instant, and from the beginning of its second on; of partitions, in order. Answers may be
   * some seconds old. Rejects when the signal aborts: it then looks no further.
   */
  sinceSecond(
    partitions: readonly number[],
    atMs: number,
    signal: AbortSignal,
  ): Promise<OutboxBeginning[]>;
  /**
   * Resolves when as many replicas as are configured have what was read before. Rejects with STORE_UNAVAILABLE if they have it not
   * in time.
   */
  confirm(): Promise<void>;
  /**
   * Calls the listener whenever the outbox of a partition may have grown, also at the beginning and after an outage; until the returned function is called.
   */
  follow(partitions: readonly number[], listener: (partition: number) => void): () => void;
}
