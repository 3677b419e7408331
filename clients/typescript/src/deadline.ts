/** The longest delay of `setTimeout`, about 25 days. With a longer one it fires at once. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

/** A time limit that can be shortened while a caller waits. */
export class Deadline {
  #atMs: number;
  #timer: NodeJS.Timeout | undefined;
  #onLate: (() => void) | undefined;

  /** @param ms from now; `Infinity` for no limit */
  constructor(ms: number) {
    this.#atMs = performance.now() + ms;
  }

  get leftMs(): number {
    return Math.max(0, this.#atMs - performance.now());
  }

  /** Moves the end to `ms` from now, if that is earlier. */
  shorten(ms: number): void {
    const atMs = performance.now() + ms;
    if (!(atMs < this.#atMs)) return;
    this.#atMs = atMs;
    if (this.#onLate !== undefined) this.#watch(this.#onLate);
  }

  /** Waits for `promise` and reports whether it was in time. One call at a time. */
  async meets(promise: Promise<void>): Promise<boolean> {
    const late = new Promise<boolean>((resolve) => this.#watch(() => resolve(false)));
    try {
      return await Promise.race([promise.then(() => true), late]);
    } finally {
      clearTimeout(this.#timer);
      this.#onLate = undefined;
    }
  }

  #watch(onLate: () => void): void {
    clearTimeout(this.#timer);
    this.#onLate = onLate;
    this.#timer = setTimeout(onLate, Math.min(this.leftMs, MAX_TIMER_MS));
  }
}
