import type { DlqClientError } from "./errors.ts";
import type { Letter } from "./letter.ts";
import type { SendResult } from "./send-result.ts";

/** One send that has no result yet. */
export class PendingSend {
  readonly letter: Letter;
  readonly deadlineAtMs: number;
  readonly result: Promise<SendResult>;
  /** An earlier try went out, and its effect is not known. */
  wasMaybeStored = false;
  /** A try is out. */
  isOut = false;
  /** Why the latest try failed. */
  lastError: unknown;
  isSettled = false;
  /** It is on its way to the spool, and no longer to the server. */
  isLeaving = false;
  #resolve: (result: SendResult) => void = () => {};
  readonly #onSettled: (send: PendingSend, result: SendResult) => void;
  #stopListening: (() => void) | undefined;

  /**
   * @param deadlineAtMs by the monotonic clock
   * @param onSettled called once, before whoever waits for the result hears of it
   */
  constructor(
    letter: Letter,
    deadlineAtMs: number,
    onSettled: (send: PendingSend, result: SendResult) => void,
  ) {
    this.letter = letter;
    this.deadlineAtMs = deadlineAtMs;
    this.#onSettled = onSettled;
    this.result = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  /** Nothing more is to be done for it. */
  get isGone(): boolean {
    return this.isSettled || this.isLeaving;
  }

  /** The server may have it, although no answer says so. */
  get maybeStored(): boolean {
    return this.wasMaybeStored || this.isOut;
  }

  /** Calls `onAbort` if the signal aborts before there is a result. */
  listen(signal: AbortSignal, onAbort: () => void): void {
    signal.addEventListener("abort", onAbort, { once: true });
    this.#stopListening = () => signal.removeEventListener("abort", onAbort);
  }

  /** The first result counts. */
  settle(result: SendResult): void {
    if (this.isSettled) return;
    this.isSettled = true;
    this.#stopListening?.();
    this.#onSettled(this, result);
    this.#resolve(result);
  }

  drop(error: DlqClientError): void {
    this.settle({ status: "dropped", error });
  }
}
