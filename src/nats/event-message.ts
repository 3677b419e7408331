import { type MsgHdrs, MsgHdrsImpl } from "@nats-io/transport-node";
import { type CloudEvent, toCloudEvent, toGapEvent } from "../codec/cloud-event.ts";
import type { DlqEvent, GapNotice } from "../core/event.ts";
import { eventsMissedSubject, type SubjectPrefixes, subjectOf } from "./subjects.ts";

/** An event as NATS gets it. */
export interface EventMessage {
  readonly id: string;
  readonly queue: string;
  readonly subject: string;
  /** Returns new headers, since the client changes those that it sends. `more`: headers that are not CloudEvents'. */
  headers(more?: Readonly<Record<string, string>>): MsgHdrs;
  readonly body: string;
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
  return { id, queue, subject, body, headers: (more) => new WrittenHeaders(textOf(headers, more)) };
}

const BEGIN = "NATS/1.0";
const END = "\r\n\r\n";

/** The client's own headers look for each name among the others, which costs more than all else of an event. */
class WrittenHeaders extends MsgHdrsImpl {
  readonly #text: string;

  constructor(text: string) {
    super();
    this.#text = text;
  }

  /** What is sent: with what the client has added. */
  override toString(): string {
    return BEGIN + this.#text + (super.toString().slice(BEGIN.length) || END);
  }
}

function textOf(...all: readonly (Readonly<Record<string, string>> | undefined)[]): string {
  let text = "";
  for (const one of all) for (const name in one) text += `\r\n${name}: ${one[name]}`;
  return text;
}
