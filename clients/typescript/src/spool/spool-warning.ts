import { ConnectError } from "@connectrpc/connect";
import { isRetryable, refusalOf, unansweredReason } from "../call-error.ts";
import { log } from "../log.ts";

const LOG_EVERY_MS = 60_000;

/** Logs why messages wait in the spool, at most once a minute. The cause may need a fix by an operator. */
export class SpoolWarning {
  readonly #target: string;
  readonly #count: () => number;
  #loggedAtMs = Number.NEGATIVE_INFINITY;
  #lastError: unknown;

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
    const isRefusal = error instanceof ConnectError && !isRetryable(error);
    const reason = isRefusal ? refusalOf(error).message : unansweredReason(error);
    log(`messages wait in the spool for ${this.#target} (${this.#count()}): ${reason}; retrying`);
  }
}
