/** Waits that grow with each failure in a row, and differ between clients that failed together. */
export class Backoff {
  readonly #firstMs: number;
  readonly #mostMs: number;
  readonly #random: () => number;
  #failures = 0;

  constructor(firstMs: number, mostMs: number, random: () => number = Math.random) {
    this.#firstMs = firstMs;
    this.#mostMs = mostMs;
    this.#random = random;
  }

  /** How long to wait after one more failure: half to all of what has doubled with each. */
  nextMs(): number {
    const fullMs = Math.min(this.#mostMs, this.#firstMs * 2 ** Math.min(this.#failures++, 30));
    return fullMs * (0.5 + this.#random() / 2);
  }

  /** It worked. */
  reset(): void {
    this.#failures = 0;
  }
}
