import type { EventMessage } from "./event-message.ts";
import type { NatsSession } from "./nats-session.ts";

/** Sends messages of one queue by a session, in the order and with the promises of EventPublisher. */
export interface EventSender {
  send(session: NatsSession, messages: readonly EventMessage[]): Promise<void>;
  /** Finds out whether events can be sent by this session. Rejects with what is wrong. */
  check(session: NatsSession): Promise<void>;
}
