import { decodeEventFields } from "../../codec/event-fields.ts";
import type { DlqEvent, EventType } from "../../core/event.ts";
import { formatMessageId, isOfMessage } from "../../core/message-id.ts";
import type { ChangeKind, OutboxChange } from "../../store/contract/outbox.ts";
import { groupIdOf } from "../groups/group-id.ts";

/** What a change is called. Undefined: it is no event by itself. */
const TYPES: Readonly<Record<ChangeKind, EventType | undefined>> = {
  SENT: "message_added",
  JOINED: undefined,
  CLAIMED: "delivered",
  SUCCEEDED: "retry_success",
  FAILED: "retry_failed",
  RELEASED: "released",
  RETURNED: undefined,
  LEASE_EXPIRED: "lease_expired",
  QUARANTINED: undefined,
  DISCARDED: "discarded",
  EXPIRED_TTL: "expired",
  RETRIED: "retried",
  EXPIRED_RETENTION: "expired",
  BREAKER_OPENED: "breaker_opened",
  BREAKER_HALF_OPENED: "breaker_half_opened",
  BREAKER_CLOSED: "breaker_closed",
  ORDER_RELEASED: undefined,
  MOVED_OUT: "moved_away",
  MOVED_IN: "moved",
  MOVE_REFUSED: undefined,
  EDITED: "edited",
  PURGED: "purged",
  QUEUE_PAUSED: "queue_paused",
  QUEUE_RESUMED: "queue_resumed",
  GROUP_OPENED: "group_opened",
  GROUP_REGRESSED: "group_regressed",
  UNDELETED: "undeleted",
};

/** Changes after which a message that is scheduled waits for a retry that somebody planned. */
const SCHEDULING: ReadonlySet<ChangeKind> = new Set([
  "SENT",
  "SUCCEEDED",
  "FAILED",
  "MOVED_IN",
  "MOVE_REFUSED",
  "UNDELETED",
]);

/** Changes that do not bring a message into quarantine, although it may be there. */
const STAYING: ReadonlySet<ChangeKind> = new Set([
  "JOINED",
  "EDITED",
  "MOVED_OUT",
  "ORDER_RELEASED",
]);

/** Returns whether a change has events of these types. */
export function hasEventOf(change: OutboxChange, wanted: ReadonlySet<EventType>): boolean {
  return typesOf(change).some((type) => wanted.has(type));
}

/** Returns the events of one change, in their order. `storeId`: see Outbox. */
export function eventsOfChange(change: OutboxChange, storeId: string): DlqEvent[] {
  const [type, ...more] = typesOf(change);
  if (type === undefined) return [];
  const first = eventOf(change, type, idOf(change, storeId, 0));
  return [
    first,
    ...more.map((type, at) => ({ ...first, type, id: idOf(change, storeId, at + 1) })),
  ];
}

/** Returns what happened, and then where the message went by it. */
function typesOf(change: OutboxChange): EventType[] {
  const { kind, state, dueAtMs } = change;
  if (kind === undefined) return [];
  const type = TYPES[kind];
  const types = type === undefined ? [] : [type];
  if (!isOfMessage(change) || STAYING.has(kind) || isGroupKind(kind)) return types;
  // A message that moves is due in the other queue.
  const isDue = dueAtMs !== undefined;
  if (state === "SCHEDULED" && isDue && SCHEDULING.has(kind)) types.push("retry_scheduled");
  if (state === "QUARANTINED") types.push("moved_to_poison");
  if (state === "DISCARDED" && kind === "FAILED") types.push("discarded");
  return types;
}

/** Whether a change is about a group, and its message is only the one by which that is known. */
export function isGroupKind(kind: ChangeKind | undefined): boolean {
  return kind === "GROUP_OPENED" || kind === "GROUP_REGRESSED";
}

/**
 * No two events have the same, also if deployments publish into one stream: numbers of changes are unique within an epoch of a
 * partition of a store.
 */
function idOf(
  { partition, epochMs, number }: OutboxChange,
  storeId: string,
  index: number,
): string {
  const id = `${storeId}-${partitionText(partition)}-${epochMs}-${number}`;
  return index === 0 ? id : `${id}-${index + 1}`;
}

/** A partition in ids of events. */
export const partitionText = (partition: number): string => partition.toString(16).padStart(2, "0");

function eventOf(change: OutboxChange, type: EventType, id: string): DlqEvent {
  const { kind, note } = change;
  const isBreaker = kind?.startsWith("BREAKER_") === true;
  const isGroup = isGroupKind(kind);
  const isMove = kind === "MOVED_IN" || kind === "MOVED_OUT";
  const { sourceId, attributes, action } = decodeEventFields(change.fields);
  return {
    id,
    type,
    atMs: change.atMs,
    queue: change.queue,
    messageId: isOfMessage(change) ? formatMessageId(change.id) : "",
    reason: change.reason,
    attempts: isBreaker ? 0 : change.attempts,
    state: isBreaker ? undefined : change.state,
    quarantineReason: change.quarantineReason,
    deliveries: change.deliveryNumber,
    // In other states it is the time of the last attempt.
    dueAtMs: isBreaker || change.state === "SCHEDULED" ? change.dueAtMs : undefined,
    version: change.version,
    note: isBreaker || isGroup || isMove ? "" : note,
    otherQueue: isMove ? note : "",
    breakerKey: isBreaker ? note : "",
    groupId: isGroup ? groupIdOf(note) : "",
    sourceId,
    attributes,
    action,
  };
}
