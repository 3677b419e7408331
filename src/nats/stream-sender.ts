import { type JetStreamClient, jetstream } from "@nats-io/jetstream";
import { InvalidArgumentError, TimeoutError } from "@nats-io/transport-node";
import type { DlqEvent } from "../core/event.ts";
import { tooLarge } from "./core-sender.ts";
import { type EventMessage, type EventSender, messageOf } from "./event-message.ts";
import { ensureStream } from "./event-stream.ts";
import { explain, isNoResponders } from "./nats-error.ts";
import type { NatsSession } from "./nats-session.ts";
import type { SubjectPrefixes } from "./subjects.ts";

/** A batch costs nats-server about 4 ms. Fewer events are faster one by one. */
const BATCH_MIN = 50;
/** A stream takes 1,000. */
const BATCH_MAX = 1_000;
/** More are slower than one by one. A stream takes 50 at a time, of all servers. */
const BATCHES_AT_A_TIME = 2;

interface Opened {
  readonly session: NatsSession;
  readonly js: JetStreamClient;
  readonly isAtomic: boolean;
}

/**
 * Sends to a stream of JetStream. It has the event id as message id, so that the stream recognizes a repeated event. Events go
 * in batches, of which the stream takes all or none, or one by one.
 */
export class StreamSender implements EventSender {
  readonly #stream: string;
  readonly #prefixes: SubjectPrefixes;
  readonly #context: { readonly at: string; readonly timeoutMs: number };
  #session: NatsSession | undefined;
  #opened: Promise<Opened> | undefined;
  #batches = 0;

  constructor(
    stream: string,
    prefixes: SubjectPrefixes,
    context: { at: string; timeoutMs: number },
  ) {
    this.#stream = stream;
    this.#prefixes = prefixes;
    this.#context = context;
  }

  async prepare(session: NatsSession): Promise<void> {
    await this.#open(session);
  }

  async send(session: NatsSession, events: readonly DlqEvent[]): Promise<void> {
    const opened = await this.#open(session);
    for (let from = 0; from < events.length; from += BATCH_MAX) {
      const part = events.slice(from, from + BATCH_MAX);
      if (await this.#sentAsBatch(opened, part)) continue;
      for (const event of part) await this.#sendOne(opened, event);
    }
  }

  /** Finds or creates the stream, once for each session. */
  #open(session: NatsSession): Promise<Opened> {
    if (this.#opened !== undefined && this.#session === session) return this.#opened;
    const { timeoutMs } = this.#context;
    const opened = ensureStream(session.nc, this.#stream, this.#prefixes, timeoutMs)
      .then((stream) => ({ session, js: jetstream(session.nc, { timeout: timeoutMs }), ...stream }))
      .catch((error) => {
        if (this.#opened === opened) this.#opened = undefined;
        throw this.#failed(error, session);
      });
    this.#session = session;
    this.#opened = opened;
    return opened;
  }

  /** Returns false if nothing is stored. Then what is wrong is found one by one. */
  async #sentAsBatch(opened: Opened, events: readonly DlqEvent[]): Promise<boolean> {
    const { session, js, isAtomic } = opened;
    if (!isAtomic || events.length < BATCH_MIN || this.#batches >= BATCHES_AT_A_TIME) return false;
    this.#batches++;
    try {
      await sendBatch(
        js,
        events.map((event) => this.#messageOf(event)),
      );
      return true;
    } catch (error) {
      // The stream may have taken all: it recognizes them when they come again.
      if (error instanceof TimeoutError || session.isOver) throw this.#failed(error, session);
      return false;
    } finally {
      this.#batches--;
    }
  }

  async #sendOne({ session, js }: Opened, event: DlqEvent): Promise<void> {
    const { subject, headers, body } = this.#messageOf(event);
    try {
      await js.publish(subject, body, { headers });
    } catch (error) {
      if (error instanceof InvalidArgumentError) {
        throw tooLarge(event, session.nc.info?.max_payload);
      }
      // The stream may be gone: the next call looks for it.
      if (isNoResponders(error)) this.#opened = undefined;
      throw this.#failed(error, session, subject);
    }
  }

  #messageOf(event: DlqEvent): EventMessage {
    return messageOf(event, this.#prefixes, {
      "Nats-Msg-Id": event.id,
      "Nats-Expected-Stream": this.#stream,
    });
  }

  #failed(error: unknown, session: NatsSession, subject?: string): Error {
    // What was not sent must not go later, behind events that were sent again.
    if (error instanceof TimeoutError) void session.end();
    return explain(error, {
      ...this.#context,
      stream: this.#stream,
      ...(subject === undefined ? {} : { subject }),
    });
  }
}

async function sendBatch(js: JetStreamClient, messages: readonly EventMessage[]): Promise<void> {
  const [first, ...rest] = messages;
  const last = rest.pop();
  if (first === undefined || last === undefined) return;
  const batch = await js.startBatch(first.subject, first.body, { headers: first.headers });
  for (const { subject, body, headers } of rest) batch.add(subject, body, { headers });
  await batch.commit(last.subject, last.body, { headers: last.headers });
}
