import { type Timestamp, timestampMs } from "@bufbuild/protobuf/wkt";
import type { Event, EventGap } from "../../../../gen/dlq/v1/event_pb.ts";
import {
  eventTypeName,
  quarantineReasonName,
  reasonName,
  stateName,
} from "../values/enum-names.ts";

/** What stands for a gap where a type of event stands. */
export const EVENTS_MISSED = "events_missed";

/** Returns an event with the names and values of its body in NATS: docs/reference/events.md. */
export function eventJson(event: Event): Readonly<Record<string, unknown>> {
  const { action, attributes, dueTime } = event;
  const isOfMessage = event.state !== 0;
  return {
    message_id: event.messageId || null,
    reason: reasonName(event.reason).toLowerCase() || null,
    retry_count: event.retryCount,
    queue_name: event.queue,
    timestamp: timeText(event.time),
    event_type: eventTypeName(event.type),
    ...(action && {
      action_type_id: action.actionTypeId || null,
      object_ids: action.objectIds,
      executed_by: action.executedBy || null,
      omitted_object_count: action.omittedObjectCount || undefined,
    }),
    event_id: event.id,
    state: stateName(event.state).toLowerCase() || undefined,
    quarantine_reason: quarantineReasonName(event.quarantineReason).toLowerCase() || undefined,
    delivery_count: isOfMessage ? event.deliveryCount : undefined,
    due_time: dueTime === undefined ? undefined : timeText(dueTime),
    version: isOfMessage ? event.version : undefined,
    note: event.note || undefined,
    other_queue: event.otherQueue || undefined,
    breaker_key: event.breakerKey || undefined,
    group_id: event.groupId || undefined,
    source_id: event.sourceId || undefined,
    attributes: Object.keys(attributes).length === 0 ? undefined : attributes,
  };
}

/** Returns a gap in this form. It is of all followed queues, and has no id. @param atMs when it was found */
export function gapJson(
  { missedCount, undoneCount, afterTime, untilTime }: EventGap,
  atMs: number,
): Readonly<Record<string, unknown>> {
  return {
    ...missedJson(atMs),
    missed_count: Number(missedCount),
    undone_count: Number(undoneCount),
    after_time: afterTime && timeText(afterTime),
    until_time: untilTime && timeText(untilTime),
  };
}

/** Returns the same for events that were removed before a time. @param atMs when it was found */
export function keptJson(keptSince: Timestamp, atMs: number): Readonly<Record<string, unknown>> {
  return { ...missedJson(atMs), kept_since: timeText(keptSince) };
}

const missedJson = (atMs: number) => ({
  message_id: null,
  reason: null,
  retry_count: 0,
  queue_name: null,
  timestamp: textOf(atMs),
  event_type: EVENTS_MISSED,
});

const timeText = (time: Timestamp | undefined) =>
  textOf(time === undefined ? 0 : timestampMs(time));
/** As in NATS, with an offset. */
const textOf = (atMs: number) => new Date(atMs).toISOString().replace("Z", "+00:00");
