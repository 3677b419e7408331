import { ConnectError } from "@connectrpc/connect";
import { isWorthAgain, refusalOf, whyUnanswered } from "../call-error.ts";

/** How often at most somebody is told that letters wait, ms. */
const TELL_EVERY_MS = 60_000;

/** Says why letters wait in the spool: somebody may have to mend it, and nothing else would say so. */
export class SpoolNews {
  readonly #tell: (words: string) => void;
  #toldAtMs = Number.NEGATIVE_INFINITY;
  #lastError: unknown;

  /** @param tell says something of the spool */
  constructor(tell: (words: string) => void) {
    this.#tell = tell;
  }

  /** What letters have waited for most recently. */
  get lastError(): unknown {
    return this.#lastError;
  }

  /** @param error why a letter waits; undefined: nobody has answered */
  tellOf(error: unknown): void {
    this.#lastError = error;
    const nowMs = performance.now();
    if (nowMs - this.#toldAtMs < TELL_EVERY_MS) return;
    this.#toldAtMs = nowMs;
    if (error instanceof ConnectError && !isWorthAgain(error)) {
      this.#tell(`keeps what is refused: ${refusalOf(error).message}`);
    } else {
      this.#tell(`keeps what can't be delivered: ${whyUnanswered(error)}`);
    }
  }
}
