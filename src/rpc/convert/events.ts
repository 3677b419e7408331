import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  type WatchEventsRequest,
  type WatchEventsResponse,
  WatchEventsResponseSchema,
} from "../../../gen/dlq/v1/dlq_service_pb.ts";
import { type Event, EventSchema } from "../../../gen/dlq/v1/event_pb.ts";
import type { EventBatch, WatchEventsCommand } from "../../app/events/watch-events.ts";
import {
  DEFAULT_EVENT_TYPES,
  type DlqEvent,
  EVENT_TYPE_NAMES,
  EVENT_TYPES,
  type EventGap,
  type EventType,
} from "../../core/event.ts";
import { QUARANTINE_REASONS, REASONS } from "../../core/reason.ts";
import { compileEventFilter, type EventFilter } from "../../rules/event-filter.ts";
import { WIRE_LIMITS } from "./limits.ts";
import { readExpression, readPattern } from "./message-selection.ts";
import { readResumeToken, writeResumeToken } from "./resume-token.ts";
import { STATE_NUMBERS } from "./states.ts";
import { readTimestampMs } from "./time.ts";
import { checkCount, Violations } from "./violations.ts";

const TYPE_OF = new Map<number, EventType>(
  EVENT_TYPE_NAMES.map((type) => [EVENT_TYPES[type], type]),
);

export function readWatchEvents(request: WatchEventsRequest): WatchEventsCommand {
  const v = new Violations();
  checkCount(v, "queues", request.queues.length, 0, WIRE_LIMITS.watchedQueues);
  const asterisks = request.queues.reduce((sum, one) => sum + one.split("*").length - 1, 0);
  if (asterisks > WIRE_LIMITS.watchedAsterisks) {
    const most = `at most ${WIRE_LIMITS.watchedAsterisks} are allowed`;
    v.add("queues", `has ${asterisks} asterisks; ${most}`);
  }
  const patterns = request.queues.length === 0 ? [""] : request.queues;
  const queues = patterns.map((one, index) => readPattern(v, one, `queues[${index}]`));
  const types = readTypes(v, request.types);
  const filter = readExpression(v, "filter", () => compileEventFilter(request.filter));
  const { startTime } = request;
  const sinceMs = startTime && readTimestampMs(v, "start_time", startTime, Infinity, "");
  const resume = request.resumeToken === "" ? undefined : readResumeToken(request.resumeToken);
  if (resume === undefined && request.resumeToken !== "") {
    v.add(
      "resume_token",
      "is not one of an earlier response; leave it out, and set start_time to the time of the last event",
    );
  }
  v.throwIfAny();
  return {
    ...{ queues, types, sinceMs, resume },
    filter: filter as EventFilter,
  };
}

function readTypes(v: Violations, numbers: readonly number[]): ReadonlySet<EventType> {
  if (numbers.length === 0) return new Set(DEFAULT_EVENT_TYPES);
  const types = new Set<EventType>();
  numbers.forEach((number, index) => {
    const type = TYPE_OF.get(number);
    if (type === undefined) v.add(`types[${index}]`, `has no type ${number} in this version`);
    else types.add(type);
  });
  return types;
}

/** An event with its attributes takes up to twice as much. */
const EVENT_BYTES = 600;

/** About how many bytes a watch takes while its client has not read the response. */
export const eventBatchBytes = ({ events, laterEvents = 0 }: EventBatch): number =>
  EVENT_BYTES * (events.length + laterEvents);

export function writeEventBatch(batch: EventBatch): WatchEventsResponse {
  const { events, gap, resume, keptSinceMs, isCaughtUp = false } = batch;
  return create(WatchEventsResponseSchema, {
    events: events.map(writeEvent),
    ...(gap && { gap: writeGap(gap) }),
    resumeToken: resume === undefined ? "" : writeResumeToken(resume),
    caughtUp: isCaughtUp,
    ...(keptSinceMs !== undefined && { keptSince: timestampFromMs(keptSinceMs) }),
  });
}

function writeGap({ missed, undone, afterMs, untilMs }: EventGap) {
  return {
    ...{ missedCount: BigInt(missed), undoneCount: BigInt(undone) },
    ...(afterMs > 0 && { afterTime: timestampFromMs(afterMs) }),
    untilTime: timestampFromMs(untilMs),
  };
}

export function writeEvent(event: DlqEvent): Event {
  const { reason, state, quarantineReason, dueAtMs, action } = event;
  return create(EventSchema, {
    id: event.id,
    type: EVENT_TYPES[event.type],
    time: timestampFromMs(event.atMs),
    queue: event.queue,
    messageId: event.messageId,
    ...(reason && { reason: REASONS[reason] }),
    retryCount: event.attempts,
    ...(state && { state: STATE_NUMBERS[state] }),
    ...(quarantineReason && { quarantineReason: QUARANTINE_REASONS[quarantineReason] }),
    deliveryCount: event.deliveries,
    ...(dueAtMs !== undefined && { dueTime: timestampFromMs(dueAtMs) }),
    version: event.version,
    note: event.note,
    otherQueue: event.otherQueue,
    breakerKey: event.breakerKey,
    groupId: event.groupId,
    sourceId: event.sourceId,
    attributes: { ...event.attributes },
    ...(action && {
      action: {
        actionTypeId: action.actionTypeId,
        objectIds: [...action.objectIds],
        executedBy: action.executedBy,
        omittedObjectCount: action.omittedObjects,
      },
    }),
  });
}
