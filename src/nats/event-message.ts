import { headers, type MsgHdrs } from "@nats-io/transport-node";
import { toCloudEvent } from "../codec/cloud-event.ts";
import type { DlqEvent } from "../core/event.ts";
import type { NatsSession } from "./nats-session.ts";
import { type SubjectPrefixes, subjectOf } from "./subjects.ts";

/** An event as NATS gets it. */
export interface EventMessage {
  readonly subject: string;
  readonly headers: MsgHdrs;
  readonly body: string;
}

/** `more`: headers that are not CloudEvents'. */
export function messageOf(
  event: DlqEvent,
  prefixes: SubjectPrefixes,
  more: Readonly<Record<string, string>> = {},
): EventMessage {
  const { headers: own, body } = toCloudEvent(event);
  const all = headers();
  for (const [name, value] of Object.entries(own)) all.set(name, value);
  for (const [name, value] of Object.entries(more)) all.set(name, value);
  return { subject: subjectOf(event, prefixes), headers: all, body };
}

/** Sends events of one queue by a session, in the order and with the promises of EventPublisher. */
export interface EventSender {
  send(session: NatsSession, events: readonly DlqEvent[]): Promise<void>;
  /** Rejects if events cannot be sent by this session. */
  prepare(session: NatsSession): Promise<void>;
}
