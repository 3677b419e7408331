/** Time for messages that the pass before did not try, while some message is to be retried. */
const MAX_MS = 30_000;

/**
 * Ends a pass over the spool, so that its refused messages are retried, however many others there are.
 * Messages that the pass before left come first, and their time does not count.
 */
export class PassTime {
  #leftBefore = 0;
  #tried = 0;
  #left = 0;
  #othersBeganAtMs = Number.POSITIVE_INFINITY;

  begin(): void {
    this.#leftBefore = this.#left;
    this.#tried = 0;
    this.#left = 0;
    this.#othersBeganAtMs = Number.POSITIVE_INFINITY;
  }

  /** @param left how many of the tried messages are to be retried */
  tried(messages: number, left: number, nowMs: number = performance.now()): void {
    this.#tried += messages;
    this.#left += left;
    if (this.#tried > this.#leftBefore)
      this.#othersBeganAtMs = Math.min(this.#othersBeganAtMs, nowMs);
  }

  isOver(nowMs: number = performance.now()): boolean {
    return this.#left > 0 && nowMs - this.#othersBeganAtMs >= MAX_MS;
  }
}
