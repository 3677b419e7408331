import type { ReportDrop } from "./drop-report.ts";
import type { DlqClientError } from "./errors.ts";
import type { SendRequest } from "./send-request.ts";
import type { SendResult } from "./send-result.ts";

/** A send that waits for its result. */
export class PendingSend {
  readonly request: SendRequest;
  readonly deadlineAtMs: number;
  readonly reportDrop: ReportDrop;
  readonly result: Promise<SendResult>;
  /** True if an earlier try may have stored the message. */
  wasMaybeStored = false;
  /** True while a try is running. */
  isRunning = false;
  /** Why the latest try failed. */
  lastError: unknown;
  isSettled = false;
  /** True once it moves to the spool: it is not sent from here any more. */
  isMoving = false;
  #resolve: (result: SendResult) => void = () => {};
  readonly #onSettled: (send: PendingSend, result: SendResult) => void;
  #stopListening: (() => void) | undefined;

  /**
   * @param deadlineAtMs by the monotonic clock
   * @param reportDrop where its drop is reported
   * @param onSettled called once, before `result` resolves
   */
  constructor(
    request: SendRequest,
    deadlineAtMs: number,
    reportDrop: ReportDrop,
    onSettled: (send: PendingSend, result: SendResult) => void,
  ) {
    this.request = request;
    this.deadlineAtMs = deadlineAtMs;
    this.reportDrop = reportDrop;
    this.#onSettled = onSettled;
    this.result = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  /** Reports whether nothing is left to do for it here. */
  get isGone(): boolean {
    return this.isSettled || this.isMoving;
  }

  /** Reports whether the server may have stored the message without an answer. */
  get maybeStored(): boolean {
    return this.wasMaybeStored || this.isRunning;
  }

  /** Calls `onAbort` if the signal aborts before there is a result. */
  listen(signal: AbortSignal, onAbort: () => void): void {
    signal.addEventListener("abort", onAbort, { once: true });
    this.#stopListening = () => signal.removeEventListener("abort", onAbort);
  }

  /** Sets the result. Only the first one counts. */
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
