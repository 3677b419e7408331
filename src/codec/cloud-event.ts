import type { DlqEvent, GapNotice } from "../core/event.ts";

/** An event as CloudEvents 1.0 describes it, in the binary content mode of the binding for NATS. */
export interface CloudEvent {
  readonly headers: Readonly<Record<string, string>>;
  /** One flat object of JSON: docs/reference/events-v1.schema.json. */
  readonly body: string;
}

/** Changes only if a field changes its meaning or goes. */
const TYPE_PREFIX = "dlq.v1.";
/** The type of a notice of a gap. */
export const EVENTS_MISSED = "events_missed";

export function toCloudEvent(event: DlqEvent): CloudEvent {
  return cloudEvent(event, bodyOf(event), event.messageId);
}

/** What consumers of a queue get in the place of events that are missing. */
export function toGapEvent(gap: GapNotice): CloudEvent {
  return cloudEvent(
    { ...gap, type: EVENTS_MISSED },
    {
      message_id: null,
      reason: null,
      retry_count: 0,
      queue_name: gap.queue,
      timestamp: timeText(gap.atMs),
      event_type: EVENTS_MISSED,
      event_id: gap.id,
      missed_count: gap.missed,
      undone_count: gap.undone,
      after_time: gap.afterMs === 0 ? undefined : dueText(gap.afterMs),
      until_time: dueText(gap.untilMs),
    },
  );
}

function cloudEvent(
  { id, queue, type, atMs }: { id: string; queue: string; type: string; atMs: number },
  body: Readonly<Record<string, unknown>>,
  subject = "",
): CloudEvent {
  const headers: Record<string, string> = {
    "ce-specversion": "1.0",
    "ce-id": headerValue(id),
    "ce-source": sourceOf(queue),
    "ce-type": TYPE_PREFIX + type,
  };
  if (subject !== "") headers["ce-subject"] = headerValue(subject);
  headers["ce-time"] = isoText(atMs);
  headers["content-type"] = "application/json";
  return { headers, body: JSON.stringify(body) };
}

/**
 * The first six names and those of actions come from the Python package "Shared DLQ". They are always there, so that its programs
 * need not ask; what is empty is null. Other fields without a value are left out. Values of enums are in lower case, as that package
 * had them.
 */
function bodyOf(event: DlqEvent): Readonly<Record<string, unknown>> {
  const { action, attributes } = event;
  const hasState = event.state !== undefined;
  return {
    message_id: orNull(event.messageId),
    reason: event.reason?.toLowerCase() ?? null,
    retry_count: event.attempts,
    queue_name: event.queue,
    timestamp: timeText(event.atMs),
    event_type: event.type,
    ...(action && {
      action_type_id: orNull(action.actionTypeId),
      object_ids: action.objectIds,
      executed_by: orNull(action.executedBy),
      omitted_object_count: action.omittedObjects === 0 ? undefined : action.omittedObjects,
    }),
    event_id: event.id,
    state: event.state?.toLowerCase(),
    quarantine_reason: event.quarantineReason?.toLowerCase(),
    delivery_count: hasState ? event.deliveries : undefined,
    due_time: event.dueAtMs === undefined ? undefined : dueText(event.dueAtMs),
    version: hasState ? event.version : undefined,
    note: orNothing(event.note),
    other_queue: orNothing(event.otherQueue),
    breaker_key: orNothing(event.breakerKey),
    group_id: orNothing(event.groupId),
    source_id: orNothing(event.sourceId),
    attributes: Object.keys(attributes).length === 0 ? undefined : attributes,
  };
}

/** The events of one script have the same queue and time. */
const sourceOf = rememberLast((queue: string) => `/dlq/queues/${encodeURIComponent(queue)}`);
const isoText = rememberLast((atMs: number) => new Date(atMs).toISOString());
/** With an offset instead of Z, which Python's `datetime.fromisoformat` refuses before 3.11. */
const timeText = rememberLast((atMs: number) => `${isoText(atMs).slice(0, -1)}+00:00`);
const dueText = rememberLast(
  (atMs: number) => `${new Date(atMs).toISOString().slice(0, -1)}+00:00`,
);

function rememberLast<T>(write: (of: T) => string): (of: T) => string {
  let last: T | undefined;
  let text = "";
  return (of) => {
    if (of !== last) [last, text] = [of, write(of)];
    return text;
  };
}

const orNull = (text: string) => (text === "" ? null : text);
const orNothing = (text: string) => (text === "" ? undefined : text);

/** Headers have printable ASCII only; the bindings of CloudEvents escape the rest, and quotation marks and `%`. */
function headerValue(text: string): string {
  return /^[!#$&-~]*$/.test(text) ? text : encodeURIComponent(text);
}
