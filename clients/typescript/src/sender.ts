import { Code, type ConnectError } from "@connectrpc/connect";
import { Backoff } from "./backoff.ts";
import {
  callErrorOf,
  cannotBeWritten,
  isForGood,
  isSilent,
  isWorthAgain,
  neverArrived,
} from "./call-error.ts";
import { MOST_TIMER_MS } from "./deadline.ts";
import type { DlqClientError } from "./errors.ts";
import type { Letter } from "./letter.ts";
import type { Line } from "./line.ts";
import type { Coalesce } from "./options.ts";
import { PendingSend } from "./pending-send.ts";
import type { Reachability } from "./reachability.ts";
import { type Answer, callSend, isOfTheWholeCall, withoutService } from "./send-call.ts";
import { aborted, bufferFull, late, refusal } from "./send-errors.ts";
import { SendQueue } from "./send-queue.ts";
import { type SendResult, storedFrom } from "./send-result.ts";
import { leaveFor, type SendShelter } from "./send-shelter.ts";

/** What a {@link Sender} is made of. */
export interface SenderOptions {
  readonly line: Line;
  readonly reachability: Reachability;
  /** Undefined: what can't be sent in time is dropped. */
  readonly shelter: SendShelter | undefined;
  readonly coalesce: Coalesce;
  readonly tryTimeoutMs: number;
  readonly onDropped: (error: DlqClientError, queue: string) => void;
}

const FIRST_PAUSE_MS = 20;
const MOST_PAUSE_MS = 1_000;
/** How late a deadline may be noticed: one look over all sends instead of a timer each. */
const LOOK_EVERY_MS = 25;

/**
 * Sends that come together go in one call. With no call under way the first goes at the end of this
 * turn of the event loop; else sends collect until a call is answered, a call is full, or
 * `maxDelayMs` have passed. While the server can't be reached all wait, and one call after another
 * finds out; once it is known to be away, sends go to the shelter at once.
 */
export class Sender {
  readonly #options: SenderOptions;
  readonly #queue = new SendQueue();
  readonly #pending = new Set<PendingSend>();
  readonly #backoff = new Backoff(FIRST_PAUSE_MS, MOST_PAUSE_MS);
  #pendingBytes = 0;
  #calls = 0;
  #isScheduled = false;
  #isPaused = false;
  #delay: NodeJS.Timeout | undefined;
  #look: NodeJS.Timeout | undefined;

  constructor(options: SenderOptions) {
    this.#options = options;
  }

  add(letter: Letter, timeoutMs: number, signal: AbortSignal | undefined): PendingSend {
    const send = new PendingSend(letter, performance.now() + timeoutMs, this.#forget);
    const isRoom = this.#isRoomFor(letter);
    if (signal !== undefined) send.listen(signal, () => send.drop(aborted(signal, send)));
    this.#pending.add(send);
    this.#pendingBytes += letter.bytes;
    const { shelter, reachability } = this.#options;
    if (signal?.aborted) send.drop(aborted(signal, undefined));
    else if (shelter !== undefined && reachability.isAway()) {
      send.lastError = reachability.lastError;
      leaveFor(shelter, send, true);
    } else if (shelter !== undefined && !isRoom) leaveFor(shelter, send, false);
    else if (!isRoom) send.drop(bufferFull(letter, this.#pending.size - 1, this.#options.coalesce));
    else this.#enqueue(send);
    return send;
  }

  #enqueue(send: PendingSend): void {
    this.#queue.push(send);
    this.#look ??= setInterval(this.#dropLate, LOOK_EVERY_MS).unref();
    if (this.#calls === 0 || this.#isFull()) this.#schedule();
    else this.#delay ??= setTimeout(this.#onDelay, this.#options.coalesce.maxDelayMs);
  }

  /** Resolves when every send of before has its result. */
  async flush(): Promise<void> {
    await Promise.all([...this.#pending].map(({ result }) => result));
  }

  /** Waits no longer for what is pending. */
  giveUp(error: (send: PendingSend) => DlqClientError): void {
    for (const send of this.#pending) this.#giveUp(send, error, send.isOut);
  }

  #giveUp(
    send: PendingSend,
    error: (send: PendingSend) => DlqClientError,
    isUnanswered: boolean,
  ): void {
    const { shelter } = this.#options;
    if (shelter === undefined) send.drop(error(send));
    else leaveFor(shelter, send, isUnanswered);
  }

  #isRoomFor({ bytes }: Letter): boolean {
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
    this.#pump();
  };

  readonly #onDelay = (): void => {
    this.#delay = undefined;
    this.#pump();
  };

  /** Makes one call of what is there, and more calls only of what fills them. */
  #pump(): void {
    const { maxCalls, maxMessages, maxBytes } = this.#options.coalesce;
    let goes = true;
    while (!this.#isPaused && this.#calls < maxCalls && (goes || this.#isFull())) {
      goes = false;
      const sends = this.#queue.take(maxMessages, maxBytes);
      if (sends.length === 0) return;
      void this.#call(sends);
    }
  }

  async #call(sends: readonly PendingSend[]): Promise<void> {
    this.#calls++;
    for (const send of sends) send.isOut = true;
    const { line, reachability } = this.#options;
    const { stubs } = line;
    const beganAtMs = performance.now();
    try {
      const { tryTimeoutMs } = this.#options;
      const timeoutMs = Math.ceil(Math.min(tryTimeoutMs, longestMs(sends), MOST_TIMER_MS));
      const requests = sends.map(({ letter }) => letter.request);
      const answers = await callSend(stubs, requests, timeoutMs);
      const away = withoutService(answers);
      if (away === undefined) reachability.answered(beganAtMs);
      else reachability.failed(beganAtMs, away);
      this.#take(sends, answers);
    } catch (reason) {
      const error = callErrorOf(reason);
      line.failed(stubs, error);
      const isAnswer = !isWorthAgain(error) || error.code === Code.ResourceExhausted;
      if (!isAnswer) reachability.failed(beganAtMs, error);
      else if (!cannotBeWritten(error)) reachability.answered(beganAtMs); // else nobody was asked
      this.#fail(sends, error);
    } finally {
      this.#calls--;
      if (this.#queue.length > 0) this.#schedule();
    }
  }

  #take(sends: readonly PendingSend[], answers: readonly Answer[]): void {
    const again: PendingSend[] = [];
    for (const [at, send] of sends.entries()) {
      const answer = answers[at];
      if (answer?.response !== undefined)
        send.settle(storedFrom(answer.response, send.letter.request.queue));
      else if (answer !== undefined && !isWorthAgain(answer.error))
        this.#refuse(send, answer.error);
      else again.push(tried(send, answer?.error, true));
    }
    if (again.length === 0) this.#backoff.reset();
    else this.#tryAgain(again);
  }

  #fail(sends: readonly PendingSend[], error: ConnectError): void {
    if (isWorthAgain(error)) {
      const isKnown = neverArrived(error);
      this.#tryAgain(sends.map((send) => tried(send, error, !isKnown)));
    } else if (sends.length > 1 && isOfTheWholeCall(error)) {
      // One of them spoils it for all; the halves find out which.
      const middle = sends.length >> 1;
      void this.#call(sends.slice(0, middle));
      void this.#call(sends.slice(middle));
    } else {
      for (const send of sends) this.#refuse(send, error);
    }
  }

  /** What is refused for now waits where it can. */
  #refuse(send: PendingSend, error: ConnectError): void {
    const { shelter } = this.#options;
    const refused = refusal(error, send);
    tried(send, error, refused.maybeStored);
    if (send.isGone) return; // to the spool, say, which hears it too
    if (shelter === undefined || isForGood(error)) {
      send.drop(refused);
      return;
    }
    leaveFor(shelter, send, false);
  }

  #tryAgain(sends: readonly PendingSend[]): void {
    this.#queue.putBack(sends.filter((send) => !send.isGone));
    if (this.#isPaused) return;
    this.#isPaused = true;
    setTimeout(this.#resume, this.#backoff.nextMs());
  }

  readonly #resume = (): void => {
    this.#isPaused = false;
    this.#pump();
  };

  readonly #dropLate = (): void => {
    const nowMs = performance.now();
    for (const send of this.#pending) {
      if (send.deadlineAtMs <= nowMs) this.#giveUp(send, late, true);
    }
    if (this.#queue.length > this.#pending.size) this.#queue.sweep();
  };

  readonly #forget = (send: PendingSend, result: SendResult): void => {
    if (result.status === "dropped")
      this.#options.onDropped(result.error, send.letter.request.queue);
    this.#pending.delete(send);
    this.#pendingBytes -= send.letter.bytes;
    if (this.#pending.size > 0) return;
    clearInterval(this.#look);
    clearTimeout(this.#delay);
    this.#look = undefined;
    this.#delay = undefined;
  };
}

function tried(send: PendingSend, error: unknown, maybeStored: boolean): PendingSend {
  if (send.lastError === undefined || !isSilent(error)) send.lastError = error; // else the earlier one knows more
  send.wasMaybeStored ||= maybeStored;
  send.isOut = false;
  return send;
}

function longestMs(sends: readonly PendingSend[]): number {
  const nowMs = performance.now();
  return sends.reduce((most, { deadlineAtMs }) => Math.max(most, deadlineAtMs - nowMs), 1);
}
