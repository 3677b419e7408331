import { timestampMs } from "@bufbuild/protobuf/wkt";
import { MessageState } from "../../../../gen/dlq/v1/state_pb.ts";
import {
  type FailureRecord,
  type MessageEvent,
  MessageEventKind,
  type StoredMessage,
} from "../../../../gen/dlq/v1/stored_message_pb.ts";
import { quarantineReasonName, reasonName } from "../values/enum-names.ts";
import { escaped, escapedLines } from "./escape.ts";
import { failureText } from "./failure.ts";
import { countedText } from "./numbers.ts";
import type { Style } from "./style.ts";
import { eventFacts, eventTitle } from "./timeline-lines.ts";
import { durationText, type Times } from "./times.ts";
import { indentedLines, wrapped } from "./wrap.ts";

/** How to show a history. */
interface HistoryView {
  readonly times: Times;
  readonly style: Style;
  /** Width of the terminal; undefined: long lines are not broken. */
  readonly width: number | undefined;
  readonly stack: boolean;
}

/** Returns every recorded failure and event, oldest first, and what is not recorded. */
export function historyLines(stored: StoredMessage, view: HistoryView): string[] {
  const atMs = ({ time }: Pick<FailureRecord, "time">) =>
    time === undefined ? 0 : timestampMs(time);
  const parts = [
    ...stored.failures.map((one, at) => ({
      atMs: atMs(one),
      lines: failureLines(stored, at, view),
    })),
    ...stored.events.map((one) => ({ atMs: atMs(one), lines: eventLines(one, view) })),
  ];
  return [
    ...parts.toSorted((a, b) => a.atMs - b.atMs).flatMap(({ lines }) => lines),
    ...quarantineLines(stored, view),
    ...furtherLines(stored, view.style),
  ];
}

/** The state itself, where no event of a worker says it. */
function quarantineLines(stored: StoredMessage, { times, style }: HistoryView): string[] {
  if (stored.state !== MessageState.QUARANTINED) return [];
  if (stored.events.at(-1)?.kind === MessageEventKind.QUARANTINED) return [];
  const reason = quarantineReasonName(stored.quarantineReason);
  return [`${times.both(stored.stateTime)}  ${style.strong(`quarantined: ${reason}`)}`];
}

/** Events that end a delivery. */
const ENDS: ReadonlySet<MessageEventKind> = new Set([
  MessageEventKind.LEASE_LOST,
  MessageEventKind.LEASE_BROKEN,
  MessageEventKind.QUARANTINED,
]);

function furtherLines(stored: StoredMessage, style: Style): string[] {
  const { failures, events, state, deliveryCount } = stored;
  const shown = new Set([
    ...failures.map(({ deliveryNumber }) => deliveryNumber),
    ...events.filter(({ kind }) => ENDS.has(kind)).map(({ deliveryNumber }) => deliveryNumber),
    ...(state === MessageState.IN_FLIGHT ? [deliveryCount] : []),
  ]);
  shown.delete(0); // unknown, or no delivery
  const count = deliveryCount - shown.size;
  if (count <= 0) return [];
  const verb = count === 1 ? "was released or is" : "were released or are";
  const what = countedText(count, "further delivery", "further deliveries");
  return [style.faint(`${what} ${verb} not kept`)];
}

/** A failure, with the wait before its attempt. */
function failureLines(
  { failures, message }: StoredMessage,
  at: number,
  view: HistoryView,
): string[] {
  const record = failures[at];
  if (record === undefined) return [];
  const { times, style } = view;
  const forgotten = (message?.failureCount ?? 0) - failures.length;
  const { failure, decision } = record;
  const reason = reasonName(failure?.reason ?? 0);
  return [
    ...(at === 1 && forgotten > 0
      ? [style.faint(`… ${countedText(forgotten, "failure")} not kept`)]
      : []),
    `${times.both(record.time) || "at an unknown time"}  ${style.strong(kindOf(record))}`,
    ...indented(wayOf(record, failures[at - 1]), view),
    ...indented(escaped([reason, failureText(failure)].join(" ").trim()), view, style.warning),
    ...indented(decision === "" ? "" : `decided: ${escaped(decision)}`, view, style.faint),
    ...(view.stack ? stackLines(record, view) : []),
  ];
}

function eventLines(event: MessageEvent, view: HistoryView): string[] {
  const { times, style } = view;
  return [
    `${times.both(event.time)}  ${style.strong(eventTitle(event))}`,
    ...indented(eventFacts(event, times), view),
  ];
}

function indented(
  text: string,
  { width }: HistoryView,
  paint: (line: string) => string = (line) => line,
): string[] {
  return text === "" ? [] : wrapped(text, width, 2).map((line) => `  ${paint(line)}`);
}

function kindOf({ imported, deliveryNumber, startTime }: FailureRecord): string {
  if (imported) return "imported failure";
  if (deliveryNumber > 0) return `delivery ${deliveryNumber}`;
  return startTime === undefined ? "sent" : "attempt";
}

/** Returns after which wait it began, how long it took, and who made it. */
function wayOf(record: FailureRecord, previous: FailureRecord | undefined): string {
  const { startTime, time, workerId, server } = record;
  const parts: string[] = [];
  if (startTime !== undefined && previous?.time !== undefined) {
    parts.push(`after a wait of ${span(previous.time, startTime)}`);
  }
  if (startTime !== undefined && time !== undefined) parts.push(`took ${span(startTime, time)}`);
  if (workerId !== "") parts.push(`worker ${escaped(workerId)}`);
  if (server !== "") parts.push(`server ${escaped(server)}`);
  return parts.join(", ");
}

type Time = NonNullable<FailureRecord["time"]>;

const span = (from: Time, to: Time) =>
  durationText(Math.max(0, timestampMs(to) - timestampMs(from)));

function stackLines({ failure }: FailureRecord, { style, width }: HistoryView): string[] {
  const trace = failure?.stackTrace ?? "";
  if (trace === "") return [];
  return indentedLines(escapedLines(trace).trimEnd(), width, 4).map(style.faint);
}
