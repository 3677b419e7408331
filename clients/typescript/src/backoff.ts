/** Computes pauses between tries: they double with each failure, with jitter, up to a limit. */
export class Backoff {
  readonly #firstMs: number;
  readonly #maxMs: number;
  readonly #random: () => number;
  #failures = 0;

  constructor(firstMs: number, maxMs: number, random: () => number = Math.random) {
    this.#firstMs = firstMs;
    this.#maxMs = maxMs;
    this.#random = random;
  }

  /** Counts a failure and returns the pause after it: 50 to 100 % of the doubled one. */
  nextMs(): number {
    const fullMs = Math.min(this.#maxMs, this.#firstMs * 2 ** Math.min(this.#failures++, 30));
    return fullMs * (0.5 + this.#random() / 2);
  }

  /** Begins with the first pause again. */
  reset(): void {
    this.#failures = 0;
  }
}
