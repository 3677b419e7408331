import { MsgHdrsImpl } from "@nats-io/transport-node";
import { type CloudEvent, toCloudEvent, toGapEvent } from "../codec/cloud-event.ts";
import type { DlqEvent, GapNotice } from "../core/event.ts";
import { eventsMissedSubject, type SubjectPrefixes, subjectOf } from "./subjects.ts";

/** An event as NATS gets it. */
export interface EventMessage {
  readonly id: string;
  readonly queue: string;
  readonly subject: string;
  /** Lines of headers; each begins with a line break. */
  readonly headers: string;
  readonly body: Uint8Array;
}

export function messageOf(event: DlqEvent, prefixes: SubjectPrefixes): EventMessage {
  return written(event, subjectOf(event, prefixes), toCloudEvent(event));
}

export function gapMessageOf(gap: GapNotice, prefixes: SubjectPrefixes): EventMessage {
  return written(gap, eventsMissedSubject(gap.queue, prefixes), toGapEvent(gap));
}

function written(
  { id, queue }: Pick<DlqEvent, "id" | "queue">,
  subject: string,
  { headers, body }: CloudEvent,
): EventMessage {
  return { id, queue, subject, headers: headerLines(headers), body: Buffer.from(body) };
}

export function headerLines(headers: Readonly<Record<string, string>>): string {
  let lines = "";
  for (const name in headers) lines += lineBegin(name) + headers[name];
  return lines;
}

/** Few names, each many times. */
const LINE_BEGINS = new Map<string, string>();

function lineBegin(name: string): string {
  const known = LINE_BEGINS.get(name);
  if (known !== undefined) return known;
  const begin = `\r\n${name}: `;
  LINE_BEGINS.set(name, begin);
  return begin;
}

const BEGIN = "NATS/1.0";
const END = "\r\n\r\n";

/**
 * Headers that are written already, and those that the client adds. The client's own headers look for each name among the others,
 * which costs more than all else of an event.
 */
export class WrittenHeaders extends MsgHdrsImpl {
  /** As EventMessage.headers. The client reads them while it publishes; then they may be replaced for the next event. */
  lines: string;

  constructor(lines = "") {
    super();
    this.lines = lines;
  }

  override toString(): string {
    const more = this.size() === 0 ? END : super.toString().slice(BEGIN.length);
    return BEGIN + this.lines + more;
  }

  /** Short texts, as most headers are, get a part of Node's buffer pool: it costs less than the client's array for each. */
  override encode(): Uint8Array {
    return Buffer.from(this.toString());
  }
}
