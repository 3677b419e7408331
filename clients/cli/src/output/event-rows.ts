import { timestampMs } from "@bufbuild/protobuf/wkt";
import { type Event, type EventGap, EventType } from "../../../../gen/dlq/v1/event_pb.ts";
import { eventTypeName, quarantineReasonName, reasonName } from "../values/enum-names.ts";
import { escaped } from "./escape.ts";
import { EVENTS_MISSED } from "./event-json.ts";
import { countedText, countText } from "./numbers.ts";
import type { Style } from "./style.ts";
import { Times } from "./times.ts";
import { cutTo, padTo, widthOf } from "./width.ts";

/** Terminals of at least this width have room for whole ids. */
export const WHOLE_IDS_FROM = 110;
/** Digits at the end of an id that narrower ones show. */
export const SHOWN_DIGITS = 8;
/** Digits of the id of a group; commands take six or more. */
const GROUP_DIGITS = 8;
/** All types but `breaker_half_opened` fit. */
const TYPE_WIDTH = 15;
const ID_WIDTH = 36;
const QUEUE_WIDTH = { least: 8, narrow: 12, wide: 20 };
const GAP = "  ";

type Paint = (text: string) => string;
type Cell = readonly [text: string, paint: Paint];

/**
 * Makes a line of each event: time, type, queue, message, and what matters for its type. On a terminal times are of the day, in
 * UTC, and each day begins with a line of its own; other output has instants, and nothing is cut.
 */
export class EventRows {
  readonly #style: Style;
  #day = "";
  /** Grows with the names that come. */
  #queueWidth = QUEUE_WIDTH.least;

  constructor(style: Style) {
    this.#style = style;
  }

  /** @param width of the terminal; undefined: the output is none */
  event(event: Event, width: number | undefined): string[] {
    const style = this.#style;
    const { type, messageId } = event;
    const atMs = event.time === undefined ? 0 : timestampMs(event.time);
    const details = detailsOf(event, new Times(atMs, width === undefined)).join(", ");
    return this.#lines(atMs, width, [
      [padTo(eventTypeName(type), TYPE_WIDTH, "left"), paintOf(type, style)],
      [this.#queueCell(event.queue, width), same],
      ...idCells(messageId, width, style),
      [details, same],
    ]);
  }

  /** @param atMs when it was found */
  gap(gap: EventGap, atMs: number, width: number | undefined): string[] {
    const { warning } = this.#style;
    return this.#lines(atMs, width, [
      [padTo(EVENTS_MISSED, TYPE_WIDTH, "left"), warning],
      [gapText(gap, new Times(atMs, width === undefined)), warning],
    ]);
  }

  #lines(atMs: number, width: number | undefined, cells: readonly Cell[]): string[] {
    const { faint } = this.#style;
    const instant = new Date(atMs).toISOString();
    if (width === undefined) return [lineOf([[instant, same], ...cells], Infinity)];
    const day = instant.slice(0, 10);
    const isNew = day !== this.#day;
    this.#day = day;
    const line = lineOf([[instant.slice(11, 19), faint], ...cells], width);
    return isNew ? [faint(`${day} UTC`), line] : [line];
  }

  #queueCell(queue: string, width: number | undefined): string {
    const name = escaped(queue);
    if (width === undefined) return name;
    const most = width < WHOLE_IDS_FROM ? QUEUE_WIDTH.narrow : QUEUE_WIDTH.wide;
    this.#queueWidth = Math.min(most, Math.max(this.#queueWidth, widthOf(name)));
    return padTo(cutTo(name, this.#queueWidth), this.#queueWidth, "left");
  }
}

const same: Paint = (text) => text;

/** Events of no message have what matters in the place of the id; in files a dash keeps the place. */
function idCells(id: string, width: number | undefined, style: Style): Cell[] {
  if (id === "") return width === undefined ? [["-", same]] : [];
  const isWhole = width === undefined || width >= WHOLE_IDS_FROM;
  const text = isWhole ? padTo(id, ID_WIDTH, "left") : `…${id.slice(-SHOWN_DIGITS)}`;
  return [[escaped(text), style.strong]];
}

/** Cuts the end of a line that is too wide. */
function lineOf(cells: readonly Cell[], width: number): string {
  const parts: string[] = [];
  let left = width;
  for (const [text, paint] of cells) {
    if (left <= 0) break;
    const cut = cutTo(text, left);
    parts.push(paint(cut));
    left -= widthOf(cut) + GAP.length;
  }
  return parts.join(GAP).trimEnd();
}

/** Of these the line of `moved_to_poison` has why the message is in quarantine. */
const BEFORE_POISON: ReadonlySet<EventType> = new Set([
  EventType.MESSAGE_ADDED,
  EventType.RETRY_FAILED,
  EventType.GROUP_OPENED,
  EventType.GROUP_REGRESSED,
]);

/** What matters, the most important first: the end may be cut. */
function detailsOf(event: Event, times: Times): string[] {
  const { type, dueTime, groupId, otherQueue, breakerKey, note, action } = event;
  const isFailed = type !== EventType.RETRY_SUCCESS && type !== EventType.DELIVERED;
  const hasDelivery = type === EventType.DELIVERED || type === EventType.LEASE_EXPIRED;
  const isDue = type === EventType.RETRY_SCHEDULED || type === EventType.RETRIED;
  const due = times.distance(dueTime);
  const who = action?.executedBy ? ` by ${escaped(action.executedBy)}` : "";
  return [
    groupId === "" ? "" : `group ${escaped(groupId.slice(0, GROUP_DIGITS))}`,
    BEFORE_POISON.has(type) ? "" : quarantineReasonName(event.quarantineReason),
    otherQueue === ""
      ? ""
      : `${type === EventType.MOVED_AWAY ? "to" : "from"} ${escaped(otherQueue)}`,
    breakerKey === "" ? "" : `key ${escaped(breakerKey)}`,
    type === EventType.BREAKER_OPENED && due !== "" ? `probes ${due}` : "",
    isDue && due !== "" ? `due ${due}` : "",
    hasDelivery ? `delivery ${event.deliveryCount}` : "",
    isFailed ? reasonName(event.reason) : "",
    event.retryCount === 0 || groupId !== "" ? "" : `attempts ${countText(event.retryCount)}`,
    note === "" ? "" : `note: ${escaped(note)}`,
    action === undefined ? "" : `action ${escaped(action.actionTypeId)}${who}`,
  ].filter((part) => part !== "");
}

function gapText(
  { missedCount, undoneCount, afterTime, untilTime }: EventGap,
  times: Times,
): string {
  const [from, to] = [times.distance(afterTime), times.distance(untilTime)];
  const parts = [
    missedCount > 0n ? `at most ${countedText(missedCount, "change")} missing here` : "",
    undoneCount > 0n ? `the store has lost ${countedText(undoneCount, "change")}` : "",
  ];
  const text = parts.filter((part) => part !== "").join("; ");
  return to === "" ? text : `${text}; they happened ${from === "" ? "until" : `${from} to`} ${to}`;
}

function paintOf(type: EventType, { good, warning, bad, strong }: Style): Paint {
  switch (type) {
    case EventType.MOVED_TO_POISON:
    case EventType.BREAKER_OPENED:
    case EventType.GROUP_REGRESSED:
      return bad;
    case EventType.RETRY_FAILED:
    case EventType.LEASE_EXPIRED:
    case EventType.EXPIRED:
    case EventType.DISCARDED:
    case EventType.PURGED:
    case EventType.BREAKER_HALF_OPENED:
    case EventType.QUEUE_PAUSED:
      return warning;
    case EventType.RETRY_SUCCESS:
    case EventType.BREAKER_CLOSED:
    case EventType.QUEUE_RESUMED:
      return good;
    case EventType.GROUP_OPENED:
      return strong;
    default:
      return same;
  }
}
