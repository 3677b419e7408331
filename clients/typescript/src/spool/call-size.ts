/** A larger letter goes alone. */
const LEAST_BYTES = 64 * 1024;
const MOST_BYTES = 3 * 1024 ** 2;
/** A call that took longer would be too slow if it had twice as much. */
const QUICK_MS = 1_250;

/** How much goes in one call: less where a link does not carry it in time, more again where it does. */
export class CallSize {
  #bytes = MOST_BYTES;

  get bytes(): number {
    return this.#bytes;
  }

  answered(tookMs: number): void {
    if (tookMs < QUICK_MS) this.#bytes = Math.min(this.#bytes * 2, MOST_BYTES);
  }

  /** It went out, and nobody answered. */
  unanswered(): void {
    this.#bytes = Math.max(this.#bytes / 4, LEAST_BYTES);
  }
}
