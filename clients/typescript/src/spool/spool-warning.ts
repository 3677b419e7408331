import { ConnectError } from "@connectrpc/connect";
import { isRetryable, refusalOf, unansweredReason } from "../call-error.ts";
import { log } from "../log.ts";

const LOG_EVERY_MS = 60_000;

/**
 * Logs why messages wait in the spool, at most once a minute: the cause may need a fix by an operator.
 * Logs once when none waits any more.
 */
export class SpoolWarning {
  readonly #target: string;
  readonly #count: () => number;
  #loggedAtMs = Number.NEGATIVE_INFINITY;
  #lastError: unknown;
  #isOpen = false;

  /** @param count returns how many messages wait */
  constructor(target: string, count: () => number) {
    this.#target = target;
    this.#count = count;
  }

  /** The latest reported error. */
  get lastError(): unknown {
    return this.#lastError;
  }

  /** @param error why messages wait; undefined: no server answered */
  warn(error: unknown): void {
    this.#lastError = error;
    const nowMs = performance.now();
    if (nowMs - this.#loggedAtMs < LOG_EVERY_MS) return;
    this.#loggedAtMs = nowMs;
    this.#isOpen = true;
    const isRefusal = error instanceof ConnectError && !isRetryable(error);
    const reason = isRefusal ? refusalOf(error).message : unansweredReason(error);
    log(`messages wait in the spool for ${this.#target} (${this.#count()}): ${reason}; retrying`);
  }

  /** No message waits. Logs it if the last line said that some do. */
  emptied(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    log(`the spool for ${this.#target} is empty again`);
  }
}
