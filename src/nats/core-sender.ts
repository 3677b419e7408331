import { InvalidArgumentError } from "@nats-io/transport-node";
import { type EventMessage, WrittenHeaders } from "./event-message.ts";
import type { EventSender } from "./event-sender.ts";
import { type NatsTarget, toNatsError, tooLarge } from "./nats-error.ts";
import type { NatsSession } from "./nats-session.ts";

/** Events of a round trip. */
const CHUNK = 500;
/** Subjects that a session has allowed. With more, all are asked for again. */
const ALLOWED_MAX = 100_000;

/**
 * Sends by core NATS. A round trip proves that NATS has processed what was sent before it. NATS denies subjects one by one, so
 * the first event of a subject in a session has a round trip of its own: nothing goes after a denied event.
 */
export class CoreSender implements EventSender {
  readonly #target: NatsTarget;
  #session: NatsSession | undefined;
  #allowed = new Set<string>();

  constructor(target: NatsTarget) {
    this.#target = target;
  }

  async check(session: NatsSession): Promise<void> {
    try {
      await session.roundTrip();
    } catch (error) {
      throw toNatsError(error, this.#target);
    }
  }

  async send(session: NatsSession, messages: readonly EventMessage[]): Promise<void> {
    if (session !== this.#session || this.#allowed.size > ALLOWED_MAX) {
      this.#session = session;
      this.#allowed = new Set();
    }
    try {
      for (let from = 0; from < messages.length; ) {
        // Its subjects are all allowed, but for that of the last one.
        const unknown = messages.findIndex(
          ({ subject }, at) => at >= from && !this.#allowed.has(subject),
        );
        const to = Math.min(from + CHUNK, unknown < 0 ? messages.length : unknown + 1);
        await this.#sendChunk(session, messages.slice(from, to));
        from = to;
      }
    } catch (error) {
      throw toNatsError(error, this.#target);
    }
  }

  async #sendChunk(session: NatsSession, messages: readonly EventMessage[]): Promise<void> {
    const allowed = this.#allowed;
    await session.nextTurn();
    const arrived = session.roundTrip();
    const sent = new Set<string>();
    let failure: unknown;
    for (const message of messages) {
      failure = publish(session, message);
      if (failure !== undefined) break;
      sent.add(message.subject);
    }
    await arrived;
    for (const subject of sent) allowed.add(subject);
    const denied = [...sent].flatMap((subject) => session.takeDenied(subject) ?? []);
    for (const { subject } of denied) allowed.delete(subject);
    const error = denied[0] ?? failure;
    if (error !== undefined) throw error;
  }
}

/** Reused: the client encodes headers when it gets them, and adds none. */
const HEADERS = new WrittenHeaders();
const OPTIONS = { headers: HEADERS };

/** Returns why the client refuses a message; undefined: it takes it. */
function publish({ nc }: NatsSession, message: EventMessage): unknown {
  try {
    HEADERS.lines = message.headers;
    nc.publish(message.subject, message.body, OPTIONS);
    return undefined;
  } catch (error) {
    if (!(error instanceof InvalidArgumentError)) return error;
    return tooLarge(message, `max_payload of NATS, ${nc.info?.max_payload}`);
  }
}
