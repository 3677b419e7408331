import { setTimeout as sleep } from "node:timers/promises";
import { Code, ConnectError } from "@connectrpc/connect";

/** Tries in a row without progress. */
const TRIES = 6;
const FIRST_WAIT_MS = 500;

/** Repeats calls while the server is unavailable, for about 15 s without progress. */
export class Patience {
  readonly #signal: AbortSignal;
  #tries = 0;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  /** Something was done: the next failure is the first one. */
  progressed(): void {
    this.#tries = 0;
  }

  /** Waits before the next try. Throws the error if it does not go away, or after too many tries. */
  async wait(error: unknown): Promise<void> {
    this.#signal.throwIfAborted();
    if (!isUnavailable(error) || ++this.#tries >= TRIES) throw error;
    await sleep(FIRST_WAIT_MS * 2 ** (this.#tries - 1), undefined, { signal: this.#signal });
  }
}

function isUnavailable(error: unknown): boolean {
  return error instanceof ConnectError && error.code === Code.Unavailable;
}
