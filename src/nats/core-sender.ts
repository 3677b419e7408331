import { InvalidArgumentError } from "@nats-io/transport-node";
import type { EventMessage, EventSender } from "./event-message.ts";
import { explain, NatsError } from "./nats-error.ts";
import type { NatsSession } from "./nats-session.ts";

/** Events between two round trips. */
const CHUNK = 500;
/** Subjects that a session has allowed. With more, all are asked for again. */
const ALLOWED_MAX = 100_000;

/**
 * Sends by core NATS. A round trip proves that NATS has processed what was sent before it. NATS refuses subjects one by one, so
 * the first event of a subject in a session has a round trip of its own: nothing goes behind a refused event.
 */
export class CoreSender implements EventSender {
  readonly #context: { readonly at: string; readonly timeoutMs: number };
  #session: NatsSession | undefined;
  #allowed = new Set<string>();

  constructor(context: { at: string; timeoutMs: number }) {
    this.#context = context;
  }

  async prepare(): Promise<void> {}

  async send(session: NatsSession, messages: readonly EventMessage[]): Promise<void> {
    if (session !== this.#session || this.#allowed.size > ALLOWED_MAX) {
      this.#session = session;
      this.#allowed = new Set();
    }
    const allowed = this.#allowed;
    const sent = new Set<string>();
    const settle = async () => {
      await session.roundTrip();
      const denied = [...sent].map((subject) => session.takeDenied(subject));
      for (const subject of sent) allowed.add(subject);
      sent.clear();
      for (const error of denied) {
        if (error === undefined) continue;
        allowed.delete(error.subject);
        throw error;
      }
    };
    try {
      for (const [index, message] of messages.entries()) {
        // The client writes what was published in one turn together.
        const refused = publish(session, message);
        if (refused !== undefined) {
          await settle(); // so that NATS has those before it
          throw refused;
        }
        const { subject } = message;
        sent.add(subject);
        if (!allowed.has(subject) || (index + 1) % CHUNK === 0) await settle();
      }
      if (sent.size > 0) await settle();
    } catch (error) {
      throw explain(error, this.#context);
    }
  }
}

/** Returns why the client refuses a message; undefined: it takes it. */
function publish({ nc }: NatsSession, { id, subject, headers, body }: EventMessage): unknown {
  try {
    nc.publish(subject, body, { headers: headers() });
    return undefined;
  } catch (error) {
    return error instanceof InvalidArgumentError ? tooLarge(id, nc.info?.max_payload) : error;
  }
}

export function tooLarge(id: string, max: number | undefined): NatsError {
  return new NatsError(`event ${id} is larger than max_payload of NATS, ${max} bytes`);
}
