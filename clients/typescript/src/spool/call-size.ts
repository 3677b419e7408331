/** A larger message goes alone. */
const MIN_BYTES = 64 * 1024;
const MAX_BYTES = 3 * 1024 ** 2;
/** Twice the bytes would time out if a call takes longer than this. */
const QUICK_MS = 1_250;

/** Limits the bytes of a call of the spool sender: a slow link gets smaller calls. */
export class CallSize {
  #bytes = MAX_BYTES;

  get bytes(): number {
    return this.#bytes;
  }

  answered(tookMs: number): void {
    if (tookMs < QUICK_MS) this.#bytes = Math.min(this.#bytes * 2, MAX_BYTES);
  }

  /** Must be called after a call that was sent and not answered. */
  unanswered(): void {
    this.#bytes = Math.max(this.#bytes / 4, MIN_BYTES);
  }
}
