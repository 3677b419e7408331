import type { SendToDlqRequest } from "../../../../gen/dlq/v1/dlq_service_pb.ts";
import { Backoff } from "../backoff.ts";
import {
  callErrorOf,
  isAnswer,
  isPermanent,
  isRetryable,
  refusalOf,
  wasNeverSent,
} from "../call-error.ts";
import type { DlqClientError } from "../errors.ts";
import { log } from "../log.ts";
import type { Reachability } from "../reachability.ts";
import type { ReconnectingChannel } from "../reconnecting-channel.ts";
import { type Answer, callSend, isWorthSplitting, unavailableErrorOf } from "../send-call.ts";
import { type OnStored, storedFrom } from "../send-result.ts";
import { CallSize } from "./call-size.ts";
import { PassTime } from "./pass-time.ts";
import type { SpoolSource } from "./spool-source.ts";
import type { SpoolStore } from "./spool-store.ts";
import type { SpoolWarning } from "./spool-warning.ts";

/** Options of a {@link SpoolSender}. */
export interface SpoolSenderOptions {
  readonly store: SpoolStore;
  readonly channel: ReconnectingChannel;
  readonly reachability: Reachability;
  /** Called with each message that the service refuses for good. */
  readonly onRefused: (error: DlqClientError, queue: string) => void;
  readonly warning: SpoolWarning;
  readonly onStored?: OnStored | undefined;
}

interface ReadableMessage {
  readonly position: number;
  readonly request: SendToDlqRequest;
}

const MAX_MESSAGES = 100;
const TRY_TIMEOUT_MS = 5_000;
const FIRST_PAUSE_MS = 100;
const MAX_PAUSE_MS = 30_000;

/**
 * Sends the messages of a spool store, oldest first, until none is left. Retries with backoff up to
 * 30 s. Its timers do not keep the process running.
 */
export class SpoolSender {
  readonly #options: SpoolSenderOptions;
  readonly #backoff = new Backoff(FIRST_PAUSE_MS, MAX_PAUSE_MS);
  readonly #size = new CallSize();
  readonly #passTime = new PassTime();
  #timer: NodeJS.Timeout | undefined;
  #pass: Promise<void> | undefined;
  #isClosed = false;

  constructor(options: SpoolSenderOptions) {
    this.#options = options;
  }

  /** Starts a pass over the store after the pause of the backoff. Does nothing if one is planned. */
  start(): void {
    if (this.#isClosed || this.#pass !== undefined || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => this.startNow(), this.#backoff.nextMs()).unref();
  }

  /** Starts a pass at once, for instance because the service is available again. */
  startNow(): void {
    if (this.#isClosed || this.#pass !== undefined) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#pass = this.#sendAll().finally(() => {
      this.#pass = undefined;
      if (this.#options.store.count === 0) {
        this.#options.warning.emptied();
        return;
      }
      // A pass that ran out of time has already made its refused messages wait long enough.
      if (this.#passTime.isOver()) this.startNow();
      else this.start();
    });
  }

  /** Resolves when the running pass has ended. */
  get passed(): Promise<void> {
    return this.#pass ?? Promise.resolve();
  }

  /** Begins no more calls. Resolves when the running one has ended. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.#pass;
  }

  /** Makes one pass over all messages. Never rejects. */
  async #sendAll(): Promise<void> {
    let isAllDone = true;
    this.#passTime.begin();
    try {
      for (const source of this.#options.store.sources) {
        isAllDone = (await this.#sendFrom(source)) && isAllDone;
      }
    } catch {
      isAllDone = false; // the service is unavailable
    }
    if (isAllDone) this.#backoff.reset();
  }

  /** @returns whether no message is left to retry */
  async #sendFrom(source: SpoolSource): Promise<boolean> {
    let isAllDone = true;
    let position = -1;
    while (!this.#isClosed && !this.#passTime.isOver()) {
      const messages = await source
        .read(position, MAX_MESSAGES, this.#size.bytes)
        .catch(() => undefined);
      if (messages === undefined) return false; // other files may be readable
      const last = messages.at(-1);
      if (last === undefined) return isAllDone;
      position = last.position;
      const readable = messages.flatMap(({ request, ...rest }) =>
        request === undefined ? [] : [{ request, ...rest }],
      );
      const lost = messages.length - readable.length;
      if (lost > 0) {
        const name = source.name;
        log(`lost ${lost} spooled messages: their records in spool file ${name} are damaged`);
      }
      const left = new Set((await this.#send(readable)).map((message) => message.position));
      const done = messages.map((message) => message.position).filter((one) => !left.has(one));
      this.#passTime.tried(messages.length, left.size);
      if (left.size > 0) isAllDone = false;
      if (done.length > 0) await this.#options.store.markDone(source, done);
    }
    return false;
  }

  /** @returns the messages to retry; rejects if the service is unavailable */
  async #send(messages: readonly ReadableMessage[]): Promise<readonly ReadableMessage[]> {
    if (messages.length === 0 || this.#isClosed) return messages;
    const { channel, reachability, warning } = this.#options;
    const { stubs } = channel;
    const beganAtMs = performance.now();
    let answers: readonly Answer[];
    try {
      const requests = messages.map(({ request }) => request);
      answers = await callSend(stubs, requests, TRY_TIMEOUT_MS);
      const unavailable = unavailableErrorOf(answers);
      if (unavailable !== undefined) throw unavailable;
      reachability.answered(beganAtMs);
      this.#size.answered(performance.now() - beganAtMs);
    } catch (reason) {
      const error = callErrorOf(reason);
      channel.failed(stubs, error);
      if (!isAnswer(error)) {
        reachability.failed(beganAtMs, error);
        if (!this.#isClosed) warning.warn(error); // else closing the client broke the call
        if (!wasNeverSent(error)) this.#size.unanswered();
        throw error;
      }
      reachability.answered(beganAtMs); // a refusal is an answer, too
      if (messages.length === 1) answers = [{ error }];
      else if (!isWorthSplitting(error)) {
        warning.warn(error);
        throw error;
      } else {
        const middle = messages.length >> 1;
        const first = await this.#send(messages.slice(0, middle));
        return [...first, ...(await this.#send(messages.slice(middle)))];
      }
    }
    return messages.filter((message, at) => !this.#isDone(message, answers[at]));
  }

  #isDone({ request }: ReadableMessage, answer: Answer | undefined): boolean {
    if (answer?.response !== undefined) {
      this.#options.onStored?.(storedFrom(answer.response, request.queue), request.sourceId);
      return true;
    }
    if (answer === undefined) return false;
    if (!isPermanent(answer.error)) {
      if (!isRetryable(answer.error)) this.#options.warning.warn(answer.error);
      return false;
    }
    // Maybe stored: a try may have been sent before the message came to the spool.
    this.#options.onRefused(refusalOf(answer.error, true), request.queue);
    return true;
  }
}
