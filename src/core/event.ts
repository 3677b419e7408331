import type { GoneState, StoredState } from "./message.ts";
import type { QuarantineReason, Reason } from "./reason.ts";

/**
 * What happened. The numbers are those of `dlq.v1.EventType` and never change. The names appear in the CLI, in NATS and in
 * filters.
 */
export const EVENT_TYPES = {
  message_added: 1,
  retry_scheduled: 2,
  retry_success: 3,
  retry_failed: 4,
  moved_to_poison: 5,
  released: 6,
  lease_expired: 7,
  expired: 8,
  discarded: 9,
  purged: 10,
  moved: 11,
  edited: 12,
  retried: 13,
  breaker_opened: 14,
  breaker_half_opened: 15,
  breaker_closed: 16,
  queue_paused: 17,
  queue_resumed: 18,
  group_opened: 19,
  group_regressed: 20,
  delivered: 21,
  moved_away: 22,
  undeleted: 23,
} as const;

export type EventType = keyof typeof EVENT_TYPES;

export const EVENT_TYPE_NAMES = Object.keys(EVENT_TYPES) as readonly EventType[];

/** Types sent to a reader that names none. */
export const DEFAULT_EVENT_TYPES: readonly EventType[] = EVENT_TYPE_NAMES.filter(
  (type) => type !== "delivered",
);

/** Something that happened to a message, a breaker, a queue or a group. */
export interface DlqEvent {
  /** The same event may be read twice, with the same id. */
  readonly id: string;
  readonly type: EventType;
  /** By the clock of the store. */
  readonly atMs: number;
  readonly queue: string;
  /** Empty: no message, or a send that a rule dropped. */
  readonly messageId: string;
  readonly reason: Reason | undefined;
  /** Failed attempts. */
  readonly attempts: number;
  /** After the event. Undefined: a breaker or queue event. */
  readonly state: StoredState | GoneState | undefined;
  readonly quarantineReason: QuarantineReason | undefined;
  readonly deliveries: number;
  readonly dueAtMs: number | undefined;
  readonly version: number;
  /** What a worker noted, or the name of the rule that decided. */
  readonly note: string;
  /** The queue that a message came from or went to; empty: it did not move. */
  readonly otherQueue: string;
  readonly breakerKey: string;
  readonly groupId: string;
  /** Empty: unknown. */
  readonly sourceId: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly action: ActionFields | undefined;
}

/** The action that a message executes. */
export interface ActionFields {
  readonly actionTypeId: string;
  readonly objectIds: readonly string[];
  readonly executedBy: string;
  /** Objects for which there was no room. */
  readonly omittedObjects: number;
}

/** State changes whose events a reader did not get, or that the store has lost after it got them. */
export interface EventGap {
  /** That were removed before they were read. */
  readonly missed: number;
  /** That were read, and that the store has lost. */
  readonly undone: number;
  /** They happened after this time, by the store's clock. 0: that is not known. */
  readonly afterMs: number;
  /** They happened at this time or before. */
  readonly untilMs: number;
}

/** A gap as it is published to the consumers of a queue. It counts changes of other queues, too. */
export interface GapNotice extends EventGap {
  /** The same gap has the same id, if it is announced again. */
  readonly id: string;
  readonly queue: string;
  /** When it was found, by the clock of this server. */
  readonly atMs: number;
}
