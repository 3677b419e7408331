import type { ConnectError } from "@connectrpc/connect";
import { Backoff } from "./backoff.ts";
import {
  callErrorOf,
  isAnswer,
  isPermanent,
  isRetryable,
  isTimeout,
  isUnencodable,
  refusalOf,
  wasNeverSent,
} from "./call-error.ts";
import { MAX_TIMER_MS } from "./deadline.ts";
import type { ReportDrop } from "./drop-report.ts";
import type { DlqClientError } from "./errors.ts";
import { moveToSpool, type SendSpool } from "./move-to-spool.ts";
import type { Coalesce } from "./options.ts";
import { PendingSend } from "./pending-send.ts";
import type { Reachability } from "./reachability.ts";
import type { ReconnectingChannel } from "./reconnecting-channel.ts";
import { type Answer, callSend, isWorthSplitting, unavailableErrorOf } from "./send-call.ts";
import { abortedError, bufferFullError, deadlineError } from "./send-errors.ts";
import { SendQueue } from "./send-queue.ts";
import type { SendRequest } from "./send-request.ts";
import { isStored, type OnStored, type SendResult, storedFrom } from "./send-result.ts";

/** Options of a {@link Sender}. */
export interface SenderOptions {
  readonly channel: ReconnectingChannel;
  readonly reachability: Reachability;
  /** Undefined: messages that cannot be sent in time are dropped. */
  readonly spool: SendSpool | undefined;
  readonly coalesce: Coalesce;
  readonly tryTimeoutMs: number;
  readonly onStored?: OnStored | undefined;
}

const FIRST_PAUSE_MS = 20;
const MAX_PAUSE_MS = 1_000;
/** Deadlines are checked this often, together: a timer for each send would cost more. */
const CHECK_EVERY_MS = 25;

/**
 * Sends messages; concurrent sends share a call.
 *
 * Without a running call, the first send goes at the end of the current turn of the event loop.
 * Otherwise sends collect until a call is answered, a call is full, or `maxDelayMs` have passed. After
 * a failed call all sends wait, and one call after another is tried. Without a connection, and once the
 * service is known to be unavailable, sends go to the spool at once.
 */
export class Sender {
  readonly #options: SenderOptions;
  readonly #queue = new SendQueue();
  readonly #pending = new Set<PendingSend>();
  readonly #backoff = new Backoff(FIRST_PAUSE_MS, MAX_PAUSE_MS);
  #pendingBytes = 0;
  #calls = 0;
  #isScheduled = false;
  #isPaused = false;
  #delay: NodeJS.Timeout | undefined;
  #check: NodeJS.Timeout | undefined;

  constructor(options: SenderOptions) {
    this.#options = options;
  }

  add(
    request: SendRequest,
    timeoutMs: number,
    signal: AbortSignal | undefined,
    reportDrop: ReportDrop,
  ): PendingSend {
    const deadlineAtMs = performance.now() + timeoutMs;
    const send = new PendingSend(request, deadlineAtMs, reportDrop, this.#onSettled);
    const hasRoom = this.#hasRoomFor(request);
    if (signal !== undefined) send.listen(signal, () => send.drop(abortedError(signal, send)));
    this.#pending.add(send);
    this.#pendingBytes += request.bytes;
    const { spool, reachability, coalesce } = this.#options;
    if (signal?.aborted) send.drop(abortedError(signal, undefined));
    else if (spool !== undefined && reachability.isUnavailable()) {
      send.lastError = reachability.lastError;
      moveToSpool(spool, send, true);
    } else if (spool !== undefined && !hasRoom) moveToSpool(spool, send, false);
    else if (!hasRoom) send.drop(bufferFullError(request, this.#pending.size - 1, coalesce));
    else this.#enqueue(send);
    return send;
  }

  #enqueue(send: PendingSend): void {
    this.#queue.push(send);
    this.#check ??= setInterval(this.#giveUpLate, CHECK_EVERY_MS).unref();
    if (this.#calls === 0 || this.#isFull()) this.#schedule();
    else this.#delay ??= setTimeout(this.#onDelay, this.#options.coalesce.maxDelayMs);
  }

  /** Resolves when every send so far has its result. */
  async flush(): Promise<void> {
    await Promise.all([...this.#pending].map(({ result }) => result));
  }

  /** Moves pending sends to the spool; without a spool, drops them with `error`. */
  giveUp(error: (send: PendingSend) => DlqClientError): void {
    for (const send of this.#pending) this.#giveUp(send, error, send.isRunning);
  }

  #giveUp(
    send: PendingSend,
    error: (send: PendingSend) => DlqClientError,
    isUnanswered: boolean,
  ): void {
    const { spool } = this.#options;
    if (spool === undefined) send.drop(error(send));
    else moveToSpool(spool, send, isUnanswered);
  }

  #hasRoomFor({ bytes }: SendRequest): boolean {
    const { maxPendingMessages, maxPendingBytes } = this.#options.coalesce;
    return this.#pending.size < maxPendingMessages && this.#pendingBytes + bytes <= maxPendingBytes;
  }

  #isFull(): boolean {
    const { maxMessages, maxBytes } = this.#options.coalesce;
    return this.#queue.length >= maxMessages || this.#queue.bytes >= maxBytes;
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(this.#onTurn);
  }

  readonly #onTurn = (): void => {
    this.#isScheduled = false;
    this.#startCalls();
  };

  readonly #onDelay = (): void => {
    this.#delay = undefined;
    this.#startCalls();
  };

  /** Starts one call with what is queued, and more calls only if they are full. */
  #startCalls(): void {
    const { maxCalls, maxMessages, maxBytes } = this.#options.coalesce;
    let isFirst = true;
    while (!this.#isPaused && this.#calls < maxCalls && (isFirst || this.#isFull())) {
      isFirst = false;
      const sends = this.#queue.take(maxMessages, maxBytes);
      if (sends.length === 0) return;
      void this.#call(sends);
    }
  }

  async #call(sends: readonly PendingSend[]): Promise<void> {
    this.#calls++;
    for (const send of sends) send.isRunning = true;
    const { channel, reachability } = this.#options;
    const { stubs } = channel;
    const beganAtMs = performance.now();
    try {
      const { tryTimeoutMs } = this.#options;
      const timeoutMs = Math.ceil(Math.min(tryTimeoutMs, longestMs(sends), MAX_TIMER_MS));
      const requests = sends.map(({ request }) => request.wire);
      const answers = await callSend(stubs, requests, timeoutMs);
      const unavailable = unavailableErrorOf(answers);
      if (unavailable === undefined) reachability.answered(beganAtMs);
      else reachability.failed(beganAtMs, unavailable);
      this.#handleAnswers(sends, answers);
    } catch (reason) {
      const error = callErrorOf(reason);
      channel.failed(stubs, error);
      if (!isAnswer(error)) reachability.failed(beganAtMs, error);
      else if (!isUnencodable(error)) reachability.answered(beganAtMs); // else nothing was sent
      this.#handleFailedCall(sends, error);
    } finally {
      this.#calls--;
      if (this.#queue.length > 0) this.#schedule();
    }
  }

  #handleAnswers(sends: readonly PendingSend[], answers: readonly Answer[]): void {
    const again: PendingSend[] = [];
    for (const [at, send] of sends.entries()) {
      const answer = answers[at];
      if (answer?.response !== undefined)
        send.settle(storedFrom(answer.response, send.request.wire.queue));
      else if (answer !== undefined && !isRetryable(answer.error))
        this.#handleRefusal(send, answer.error);
      else again.push(tried(send, answer?.error, true));
    }
    if (again.length === 0) this.#backoff.reset();
    else this.#retry(again);
  }

  #handleFailedCall(sends: readonly PendingSend[], error: ConnectError): void {
    if (isRetryable(error)) {
      const neverSent = wasNeverSent(error);
      const again = sends.map((send) => tried(send, error, !neverSent));
      const { spool } = this.#options;
      if (neverSent && spool !== undefined)
        for (const send of again) moveToSpool(spool, send, true);
      else this.#retry(again);
    } else if (sends.length > 1 && isWorthSplitting(error)) {
      const middle = sends.length >> 1;
      void this.#call(sends.slice(0, middle));
      void this.#call(sends.slice(middle));
    } else {
      for (const send of sends) this.#handleRefusal(send, error);
    }
  }

  /** Drops a send that is refused for good. A later try may succeed for others: they go to the spool. */
  #handleRefusal(send: PendingSend, error: ConnectError): void {
    const { spool } = this.#options;
    const refused = refusalOf(error, send.wasMaybeStored);
    tried(send, error, refused.maybeStored);
    if (send.isGone) return; // for instance to the spool, which will get the same refusal
    if (spool === undefined || isPermanent(error)) send.drop(refused);
    else moveToSpool(spool, send, false);
  }

  #retry(sends: readonly PendingSend[]): void {
    this.#queue.putBack(sends.filter((send) => !send.isGone));
    if (this.#isPaused) return;
    this.#isPaused = true;
    setTimeout(this.#resume, this.#backoff.nextMs());
  }

  readonly #resume = (): void => {
    this.#isPaused = false;
    this.#startCalls();
  };

  readonly #giveUpLate = (): void => {
    const nowMs = performance.now();
    for (const send of this.#pending) {
      if (send.deadlineAtMs <= nowMs) this.#giveUp(send, deadlineError, true);
    }
    if (this.#queue.length > this.#pending.size) this.#queue.sweep();
  };

  readonly #onSettled = (send: PendingSend, result: SendResult): void => {
    const { wire, bytes } = send.request;
    if (result.status === "dropped") send.reportDrop(result.error, wire.queue);
    if (isStored(result)) this.#options.onStored?.(result, wire.sourceId);
    this.#pending.delete(send);
    this.#pendingBytes -= bytes;
    if (this.#pending.size > 0) return;
    clearInterval(this.#check);
    clearTimeout(this.#delay);
    this.#check = undefined;
    this.#delay = undefined;
  };
}

/** Records a failed try. A timeout does not replace an error, which says more. */
function tried(send: PendingSend, error: unknown, maybeStored: boolean): PendingSend {
  if (send.lastError === undefined || !isTimeout(error)) send.lastError = error;
  send.wasMaybeStored ||= maybeStored;
  send.isRunning = false;
  return send;
}

function longestMs(sends: readonly PendingSend[]): number {
  const nowMs = performance.now();
  return sends.reduce((longest, { deadlineAtMs }) => Math.max(longest, deadlineAtMs - nowMs), 1);
}
