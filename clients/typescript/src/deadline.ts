/** What `setTimeout` takes; beyond it, it fires at once. About 25 days. */
export const MOST_TIMER_MS = 2 ** 31 - 1;

/** An end of waiting that can be brought forward while somebody waits. */
export class Deadline {
  #atMs: number;
  #timer: NodeJS.Timeout | undefined;
  #onLate: (() => void) | undefined;

  /** @param ms from now; `Infinity` for none */
  constructor(ms: number) {
    this.#atMs = performance.now() + ms;
  }

  get leftMs(): number {
    return Math.max(0, this.#atMs - performance.now());
  }

  /** Never later than it is already. */
  bringForward(ms: number): void {
    const atMs = performance.now() + ms;
    if (!(atMs < this.#atMs)) return;
    this.#atMs = atMs;
    if (this.#onLate !== undefined) this.#watch(this.#onLate);
  }

  /** Whether it came to its end in time. One at a time. */
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
    this.#timer = setTimeout(onLate, Math.min(this.leftMs, MOST_TIMER_MS));
  }
}
