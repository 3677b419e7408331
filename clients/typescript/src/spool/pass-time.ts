/** For others, while something is left. */
const MOST_MS = 30_000;

/**
 * When a pass over the spool has to end for the sake of what it has left: there may be ever more
 * others. What the pass before had left comes first, and takes nothing of the time of others.
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

  /** @param again how many of the letters are to be tried again */
  tried(letters: number, again: number, nowMs: number = performance.now()): void {
    this.#tried += letters;
    this.#left += again;
    if (this.#tried > this.#leftBefore)
      this.#othersBeganAtMs = Math.min(this.#othersBeganAtMs, nowMs);
  }

  isOver(nowMs: number = performance.now()): boolean {
    return this.#left > 0 && nowMs - this.#othersBeganAtMs >= MOST_MS;
  }
}
