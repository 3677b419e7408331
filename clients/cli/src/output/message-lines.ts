import type { Timestamp } from "@bufbuild/protobuf/wkt";
import type { Message } from "../../../../gen/dlq/v1/message_pb.ts";
import { TransformTarget } from "../../../../gen/dlq/v1/rule_pb.ts";
import { MessageState } from "../../../../gen/dlq/v1/state_pb.ts";
import type { StoredMessage } from "../../../../gen/dlq/v1/stored_message_pb.ts";
import { quarantineReasonName, reasonName, stateName } from "../values/enum-names.ts";
import { escaped, escapedLines } from "./escape.ts";
import { failureText } from "./failure.ts";
import { historyLines } from "./history-lines.ts";
import { bytesText, countedText, countText } from "./numbers.ts";
import type { Style } from "./style.ts";
import { type Fact, factLines } from "./table.ts";
import type { Times } from "./times.ts";
import { indentedLines } from "./wrap.ts";

/** Which long parts to show. */
export interface Parts {
  readonly payload: boolean;
  readonly stack: boolean;
  /** Width of the terminal; undefined: long lines are not broken. */
  readonly width: number | undefined;
  /** When a message in quarantine is removed. Undefined: never, or unknown. */
  readonly keptUntil?: Timestamp | undefined;
}

/** Returns all that is known of a message, in blocks. */
export function messageLines(
  stored: StoredMessage,
  times: Times,
  style: Style,
  parts: Parts,
): string[] {
  const { message } = stored;
  if (message === undefined) return [];
  return [
    `${style.strong(message.id)}  ${style.faint("in")} ${escaped(message.queue)}`,
    ...factLines(facts(stored, message, times, parts), style, parts.width),
    ...block("HISTORY", historyLines(stored, { ...parts, times, style }), style),
    ...block("EDITS", editLines(stored, times), style),
    ...(parts.payload ? contentLines(message, style, parts.width) : []),
  ];
}

function facts(
  stored: StoredMessage,
  message: Message,
  times: Times,
  { keptUntil }: Parts,
): Fact[] {
  const { failure, origin } = message;
  // In quarantine its time to live does not count.
  const isQuarantined = stored.state === MessageState.QUARANTINED;
  const limit = stored.maxRetries === undefined ? "" : ` of at most ${stored.maxRetries}`;
  const codes = [
    failure?.httpStatus === undefined ? "" : `HTTP ${failure.httpStatus}`,
    failure?.grpcCode === undefined ? "" : `gRPC code ${failure.grpcCode}`,
  ].filter((code) => code !== "");
  return [
    ["state", stateText(stored, times)],
    ["reason", [reasonName(message.reason), ...codes].join(", ")],
    ["failure", escaped(failureText(failure))],
    ["group", stored.groupId],
    [
      "attempts",
      `${countText(message.attempts)} failed${limit}; ${deliveriesText(stored.deliveryCount)}, ${countedText(message.failureCount, "failure")} in all`,
    ],
    [
      "outcome unknown",
      stored.unknownOutcomeCount === 0
        ? ""
        : `of ${deliveriesText(stored.unknownOutcomeCount)}: the work may have been done`,
    ],
    ["isolated", stored.isolated ? "yes: it is delivered alone, because leases of it expired" : ""],
    ["moving to", escaped(stored.movingTo)],
    ["accepted", times.both(message.createTime)],
    ["expires", isQuarantined ? "" : times.both(message.expireTime)],
    ["kept until", isQuarantined ? times.both(keptUntil) : ""],
    ["source id", escaped(message.sourceId)],
    ["dedup key", escaped(message.dedupKey)],
    ["ordering key", escaped(message.orderingKey)],
    ["priority", message.priority === 0 ? "" : String(message.priority)],
    [
      "origin",
      escaped([origin?.service, origin?.instance, origin?.version].filter(Boolean).join(", ")),
    ],
    ["coordinates", pairsText(origin?.coordinates ?? {})],
    ["trace", escaped(message.traceContext?.traceparent ?? "")],
    ["redacted", stored.redacted.map(escaped).join(", ")],
    ["size", bytesText(stored.sizeBytes)],
  ];
}

const deliveriesText = (count: number) => countedText(count, "delivery", "deliveries");

function stateText(stored: StoredMessage, times: Times): string {
  const { state, stateTime, message, lease, quarantineReason } = stored;
  const since = stateTime === undefined ? "" : ` since ${times.both(stateTime)}`;
  switch (state) {
    case MessageState.SCHEDULED:
      return `SCHEDULED, due ${times.both(message?.dueTime)}`;
    case MessageState.IN_FLIGHT: {
      const worker = escaped(lease?.workerId || "a worker");
      const ended = lease?.streamEnded ? ", whose stream has ended" : "";
      return `IN_FLIGHT${since}, held by ${worker}${ended}, lease ends ${times.both(lease?.expireTime)}`;
    }
    case MessageState.QUARANTINED:
      return `QUARANTINED${since}: ${quarantineReasonName(quarantineReason)}`;
    default:
      return stateName(state);
  }
}

function editLines({ edits }: StoredMessage, times: Times): string[] {
  return edits.flatMap(({ source, time, patch, target }) => [
    `${times.both(time)}  by ${escaped(source)}: ${target === TransformTarget.ATTRIBUTES ? "attributes" : "payload"}`,
    `  ${patch === "" ? "(the change was too long to keep)" : escaped(patch)}`,
  ]);
}

/** Content does not stand where blocks begin: it could look like one. */
const INDENT = "  ";

function contentLines(
  { payload, attributes }: Message,
  style: Style,
  width: number | undefined,
): string[] {
  const title = payload?.contentType ? `PAYLOAD (${escaped(payload.contentType)})` : "PAYLOAD";
  return [
    ...block(
      "ATTRIBUTES",
      factLines(
        Object.entries(attributes).map(([name, value]) => [escaped(name), escaped(value)]),
        style,
        width,
        INDENT,
      ),
      style,
    ),
    ...block(title, indentedLines(payloadText(payload?.body), width, INDENT.length), style),
  ];
}

/** Most bytes of a payload of bytes that are shown. */
const SHOWN_BYTES = 512;

function payloadText(body: NonNullable<Message["payload"]>["body"] | undefined): string {
  if (body?.case === "text") return indentedJson(body.value);
  if (body?.case !== "data") return "(empty)";
  const { length } = body.value;
  const shown = Buffer.from(body.value.subarray(0, SHOWN_BYTES)).toString("hex");
  const lines: string[] = shown.match(/.{1,64}/g) ?? [];
  if (length > SHOWN_BYTES) lines.push(`… ${bytesText(length)} in all; -o json has all of it`);
  return lines.join("\n");
}

/** Returns JSON with line breaks. Text that is no JSON, or whose numbers would change, stays as it is. */
function indentedJson(text: string): string {
  try {
    const value: unknown = JSON.parse(text);
    if (JSON.stringify(value) === text.replaceAll(OUTSIDE_SPACE, "$1")) {
      return escapedLines(JSON.stringify(value, undefined, 2));
    }
  } catch {
    // no JSON
  }
  return escapedLines(text);
}

/** Spaces between tokens of JSON; texts are kept as group 1. */
const OUTSIDE_SPACE = /("(?:[^"\\]|\\.)*")|\s+/g;

function pairsText(pairs: Readonly<Record<string, string>>): string {
  return Object.entries(pairs)
    .map(([name, value]) => escaped(`${name}=${value}`))
    .join(", ");
}

function block(title: string, lines: readonly string[], style: Style): string[] {
  return lines.length === 0 ? [] : ["", style.heading(title), ...lines];
}
