import { timestampDate } from "@bufbuild/protobuf/wkt";
import { type Event, EventType } from "../../../../gen/dlq/v1/event_pb.ts";
import { MessageState } from "../../../../gen/dlq/v1/state_pb.ts";
import {
  type QuarantineReasonName,
  quarantineReasonName,
  type ReasonName,
  reasonName,
} from "../enum-names.ts";

/** What happened to a message that this client sent. */
export interface OutcomeEvent {
  readonly id: string;
  /** The queue of the message: it may have moved. */
  readonly queue: string;
  /** Failed attempts so far. */
  readonly attempts: number;
  /** Why the message failed last. */
  readonly reason: ReasonName;
  /** Why it is in quarantine; absent if it is not. */
  readonly quarantineReason?: QuarantineReasonName;
  /** When its next attempt is due; absent if none is planned. */
  readonly dueTime?: Date;
  /** What the worker noted, or the name of the rule that decided. */
  readonly note: string;
  /** When it happened, by the clock of the service. */
  readonly time: Date;
  /** As this client sent it. Empty: it sent none. */
  readonly sourceId: string;
}

/** The outcome callbacks among the options of a client. */
export const CALLBACK_NAMES = ["onSucceeded", "onFailed", "onQuarantined"] as const;
export type CallbackName = (typeof CALLBACK_NAMES)[number];

/** The event types that a watch asks for: those of the callbacks, and those that end the life of a message in its queue. */
export const WATCHED_TYPES: readonly EventType[] = [
  EventType.RETRY_FAILED,
  EventType.MOVED_TO_POISON,
  EventType.RETRY_SUCCESS,
  EventType.DISCARDED,
  EventType.PURGED,
  EventType.EXPIRED,
  EventType.MOVED_AWAY,
];

/** Returns the callback of an event type. Undefined: none gets it. */
export function callbackOf(type: EventType): CallbackName | undefined {
  if (type === EventType.RETRY_SUCCESS) return "onSucceeded";
  if (type === EventType.RETRY_FAILED) return "onFailed";
  return type === EventType.MOVED_TO_POISON ? "onQuarantined" : undefined;
}

const STORED: ReadonlySet<MessageState> = new Set([
  MessageState.SCHEDULED,
  MessageState.IN_FLIGHT,
  MessageState.QUARANTINED,
]);

/** Reports whether the message is gone after the event, so that nothing more can happen to it. */
export function isGone({ type, state }: Event): boolean {
  switch (type) {
    case EventType.RETRY_SUCCESS:
    case EventType.EXPIRED:
      return !STORED.has(state);
    default:
      return type === EventType.DISCARDED || type === EventType.PURGED;
  }
}

/** @param sourceId as the client sent it: the event may not have it */
export function outcomeEventFrom(event: Event, sourceId: string): OutcomeEvent {
  const { quarantineReason, dueTime, time } = event;
  const isPlanned = event.state === MessageState.SCHEDULED && dueTime !== undefined;
  return {
    id: event.messageId,
    queue: event.queue,
    attempts: event.retryCount,
    reason: reasonName(event.reason),
    ...(quarantineReason === 0 ? {} : { quarantineReason: quarantineReasonName(quarantineReason) }),
    ...(isPlanned ? { dueTime: timestampDate(dueTime) } : {}),
    note: event.note,
    time: time === undefined ? new Date() : timestampDate(time),
    sourceId,
  };
}

const UUID_V7 = /^([0-9a-f]{8})-([0-9a-f]{4})-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i;

/** Returns when a message was accepted, in ms since 1970, if its id is a UUIDv7 as those of the service; else the current time. */
export function acceptedAtMs(id: string): number {
  const [, high, low] = UUID_V7.exec(id) ?? [];
  return high === undefined ? Date.now() : Number.parseInt(`${high}${low}`, 16);
}
