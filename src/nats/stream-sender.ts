import { type JetStreamClient, jetstream } from "@nats-io/jetstream";
import { InvalidArgumentError, TimeoutError } from "@nats-io/transport-node";
import type { EventType } from "../core/event.ts";
import { ensureStream } from "./ensure-stream.ts";
import { type EventMessage, headerLines, WrittenHeaders } from "./event-message.ts";
import type { EventSender } from "./event-sender.ts";
import {
  isNoResponders,
  isTooLarge,
  NatsError,
  type NatsTarget,
  toNatsError,
  tooLarge,
} from "./nats-error.ts";
import type { NatsSession } from "./nats-session.ts";
import { missingSubjects } from "./stream-config.ts";
import type { StreamNotices } from "./stream-notices.ts";
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
  /** Which subjects it does not take. */
  readonly missing: string | undefined;
}

interface StreamSenderParts {
  readonly stream: string;
  readonly prefixes: SubjectPrefixes;
  /** Of the events that are published. Undefined: all. */
  readonly types: readonly EventType[] | undefined;
  readonly target: NatsTarget;
  readonly notices: StreamNotices;
}

/**
 * Sends to a stream of JetStream. It has the event id as message id, so that the stream recognizes a repeated event. Events go
 * in batches, of which the stream takes all or none, or one by one.
 */
export class StreamSender implements EventSender {
  readonly #parts: StreamSenderParts;
  #session: NatsSession | undefined;
  #opened: Promise<Opened> | undefined;
  #batches = 0;

  constructor(parts: StreamSenderParts) {
    this.#parts = parts;
  }

  /**
   * Looks for the stream each time: it may have been removed. It must take all events. Without an answer, what is being sent goes
   * on: the stream may take it.
   */
  async check(session: NatsSession): Promise<void> {
    try {
      const opened = await this.#find(session);
      [this.#session, this.#opened] = [session, Promise.resolve(opened)];
      if (opened.missing !== undefined) throw missingError(opened.missing);
    } catch (error) {
      throw this.#explained(error);
    }
  }

  async send(session: NatsSession, messages: readonly EventMessage[]): Promise<void> {
    const opened = await this.#open(session);
    for (let from = 0; from < messages.length; from += BATCH_MAX) {
      const part = messages.slice(from, from + BATCH_MAX);
      if (await this.#sentAsBatch(opened, part)) continue;
      for (const message of part) await this.#sendOne(opened, message);
    }
  }

  /** Finds or creates the stream, once for each session. */
  #open(session: NatsSession): Promise<Opened> {
    if (this.#opened !== undefined && this.#session === session) return this.#opened;
    const opened = this.#find(session).catch((error) => {
      if (this.#opened === opened) this.#opened = undefined;
      throw this.#failed(error, session);
    });
    this.#session = session;
    this.#opened = opened;
    return opened;
  }

  async #find(session: NatsSession): Promise<Opened> {
    const { stream, prefixes, types, target, notices } = this.#parts;
    const { timeoutMs } = target;
    const found = await ensureStream(session.nc, stream, prefixes, timeoutMs);
    notices.found(found);
    const { isAtomic, config } = found;
    const missing = config && missingSubjects(config, prefixes, types);
    return { session, js: jetstream(session.nc, { timeout: timeoutMs }), isAtomic, missing };
  }

  /** Returns false if nothing is stored. Then what is wrong is found one by one. */
  async #sentAsBatch(opened: Opened, messages: readonly EventMessage[]): Promise<boolean> {
    const { session, js, isAtomic } = opened;
    if (!isAtomic || messages.length < BATCH_MIN || this.#batches >= BATCHES_AT_A_TIME)
      return false;
    this.#batches++;
    try {
      await this.#sendBatch(js, messages);
      return true;
    } catch (error) {
      // The stream may have taken all: it recognizes them when they come again.
      if (error instanceof TimeoutError || session.isOver) throw this.#failed(error, session);
      return false;
    } finally {
      this.#batches--;
    }
  }

  async #sendBatch(js: JetStreamClient, messages: readonly EventMessage[]): Promise<void> {
    const [first, ...rest] = messages;
    const last = rest.pop();
    if (first === undefined || last === undefined) return;
    const batch = await js.startBatch(first.subject, first.body, this.#optionsOf(first));
    for (const one of rest) batch.add(one.subject, one.body, this.#optionsOf(one));
    await batch.commit(last.subject, last.body, this.#optionsOf(last));
  }

  async #sendOne({ session, js, missing }: Opened, message: EventMessage): Promise<void> {
    const { subject, body } = message;
    try {
      await js.publish(subject, body, this.#optionsOf(message));
    } catch (error) {
      const sent = { ...message, headers: this.#linesOf(message) };
      if (error instanceof InvalidArgumentError) {
        throw tooLarge(sent, `max_payload of NATS, ${session.nc.info?.max_payload}`);
      }
      if (isTooLarge(error)) throw tooLarge(sent, `max_msg_size of stream ${this.#parts.stream}`);
      // The stream may be gone: the next call looks for it.
      if (isNoResponders(error)) {
        this.#opened = undefined;
        if (missing !== undefined) throw missingError(missing, error);
      }
      throw this.#failed(error, session, subject);
    }
  }

  #optionsOf(message: EventMessage) {
    return { headers: new WrittenHeaders(this.#linesOf(message)) };
  }

  /** With what JetStream reads. */
  #linesOf({ id, headers }: EventMessage): string {
    const own = { "Nats-Msg-Id": id, "Nats-Expected-Stream": this.#parts.stream };
    return headers + headerLines(own);
  }

  #failed(error: unknown, session: NatsSession, subject?: string): Error {
    // What was not sent must not go later, behind events that were sent again.
    if (error instanceof TimeoutError) void session.end();
    return this.#explained(error, subject);
  }

  #explained(error: unknown, subject?: string): Error {
    return toNatsError(error, {
      ...this.#parts.target,
      stream: this.#parts.stream,
      ...(subject === undefined ? {} : { subject }),
    });
  }
}

const missingError = (text: string, cause?: unknown) =>
  new NatsError({ brief: "the stream does not take all events", text }, { cause });
