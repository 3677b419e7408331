import { decodeEventFields } from "../codec/event-fields.ts";
import { escapeUnsafe } from "../core/escape-unsafe.ts";
import { formatMessageId, isOfMessage } from "../core/message-id.ts";
import type { OutboxChange, OutboxGap, OutboxItem } from "../store/contract/outbox.ts";
import type { Style } from "./style.ts";

/** One line of JSON for each change or notice. */
export function jsonLine(item: OutboxItem): string {
  if (!("kind" in item)) return JSON.stringify(gapOf(item));
  const { kind, id, atMs, dueAtMs, note, reason, quarantineReason } = item;
  const fields = fieldsOf(item);
  const line = JSON.stringify({
    at: new Date(atMs).toISOString(),
    queue: item.queue,
    change: nameOf(kind),
    number: item.number,
    message_id: isOfMessage(item) ? formatMessageId(id) : undefined,
    version: item.version,
    state: item.state,
    reason,
    quarantine_reason: quarantineReason,
    attempts: item.attempts,
    delivery: item.deliveryNumber,
    due_at: dueAtMs === undefined ? undefined : new Date(dueAtMs).toISOString(),
    note: note === "" ? undefined : note,
    fields: Object.keys(fields).length === 0 ? undefined : fields,
  });
  return escapeUnsafe(line);
}

function gapOf({ gap, partition, count, from, afterMs, untilMs }: OutboxGap): object {
  return {
    ...{ change: "gap", partition },
    ...{ missed_count: 0, undone_count: 0, [`${gap}_count`]: count },
    from_number: from,
    after_time: afterMs === 0 ? undefined : new Date(afterMs).toISOString(),
    until_time: new Date(untilMs).toISOString(),
  };
}

const NAME_WIDTH = 19;

/** One line for people for each change or notice. */
export function textLine(item: OutboxItem, style: Style): string {
  if (!("kind" in item)) {
    return style.error(
      item.gap === "missed"
        ? `${item.count} changes were removed before this`
        : `Redis came back with older data: changes from number ${item.from} on are undone`,
    );
  }
  const name = nameOf(item.kind).padEnd(NAME_WIDTH);
  const id = isOfMessage(item) ? formatMessageId(item.id) : "-".padEnd(36);
  const time = style.faint(new Date(item.atMs).toISOString());
  return `${time} ${style.strong(name)} ${id} ${item.queue}${facts(item)}`;
}

function facts(item: OutboxChange): string {
  const { kind, state, reason, quarantineReason, attempts, deliveryNumber, note, fields } = item;
  const parts = [
    // Else the kind or the quarantine reason says it.
    kind === "FAILED" && state === "DISCARDED" ? `state=${state}` : undefined,
    reason,
    quarantineReason === undefined ? undefined : `quarantine=${quarantineReason}`,
    attempts === 0 ? undefined : `attempts=${attempts}`,
    deliveryNumber === 0 ? undefined : `delivery=${deliveryNumber}`,
    ...Object.entries(fieldsOf({ fields })).map(
      ([name, value]) => `${name}=${JSON.stringify(value)}`,
    ),
    note === "" ? undefined : JSON.stringify(note),
  ];
  const text = parts.flatMap((part) => (part === undefined ? [] : [` ${part}`])).join("");
  // Notes and attributes are any text: they must not control the terminal.
  return escapeUnsafe(text);
}

function fieldsOf({ fields }: Pick<OutboxChange, "fields">): Record<string, unknown> {
  const { sourceId, attributes, action } = decodeEventFields(fields);
  return {
    ...(sourceId !== "" && { source_id: sourceId }),
    ...attributes,
    ...(action && {
      action_type_id: action.actionTypeId,
      object_ids: action.objectIds,
      ...(action.executedBy !== "" && { executed_by: action.executedBy }),
    }),
  };
}

const nameOf = (kind: OutboxChange["kind"]) => kind?.toLowerCase() ?? "unknown";
