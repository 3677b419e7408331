import { headers, type MsgHdrs } from "@nats-io/transport-node";
import { type CloudEvent, toCloudEvent, toGapEvent } from "../codec/cloud-event.ts";
import type { DlqEvent, GapNotice } from "../core/event.ts";
import type { NatsSession } from "./nats-session.ts";
import { eventsMissedSubject, type SubjectPrefixes, subjectOf } from "./subjects.ts";

/** An event as NATS gets it. */
export interface EventMessage {
  readonly id: string;
  readonly subject: string;
  /** Returns new headers, since the client changes those that it sends. `more`: headers that are not CloudEvents'. */
  headers(more?: Readonly<Record<string, string>>): MsgHdrs;
  readonly body: string;
}

export function messageOf(event: DlqEvent, prefixes: SubjectPrefixes): EventMessage {
  return written(event.id, subjectOf(event, prefixes), toCloudEvent(event));
}

export function gapMessageOf(gap: GapNotice, prefixes: SubjectPrefixes): EventMessage {
  return written(gap.id, eventsMissedSubject(gap.queue, prefixes), toGapEvent(gap));
}

function written(id: string, subject: string, { headers: own, body }: CloudEvent): EventMessage {
  return {
    ...{ id, subject, body },
    headers(more = {}) {
      const all = headers();
      // Each name is new: `set` would look for it first.
      for (const name in own) all.append(name, own[name] as string);
      for (const name in more) all.append(name, more[name] as string);
      return all;
    },
  };
}

/** Sends messages of one queue by a session, in the order and with the promises of EventPublisher. */
export interface EventSender {
  send(session: NatsSession, messages: readonly EventMessage[]): Promise<void>;
  /** Rejects if events cannot be sent by this session. */
  prepare(session: NatsSession): Promise<void>;
}
