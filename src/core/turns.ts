/** Lets a bounded number of pieces of work run at once. The others wait in order. */
export class Turns {
  readonly #most: number;
  readonly #waiting: (() => void)[] = [];
  #taken = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** Takes a turn. Returns a promise if one must be waited for. */
  take(): Promise<void> | undefined {
    if (this.#taken < this.#most) {
      this.#taken++;
      return undefined;
    }
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  /** Ends a turn that was taken: it passes to the work that has waited longest. */
  end(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#taken--;
    else next();
  }

  async run<T>(work: () => Promise<T>): Promise<T> {
    const wait = this.take();
    if (wait !== undefined) await wait;
    try {
      return await work();
    } finally {
      this.end();
    }
  }

  /**
   * Runs work for each item; returns the results in order. Waits with as many items as may run at once, so that other
   * callers wait for those only, however many items there are. After an error no more items begin.
   */
  async map<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
    const results: R[] = [];
    let next = 0;
    const workOff = async () => {
      for (let at = next++; at < items.length; at = next++) {
        try {
          results[at] = await this.run(() => work(items[at] as T));
        } catch (error) {
          next = items.length;
          throw error;
        }
      }
    };
    await Promise.all(Array.from({ length: Math.min(this.#most, items.length) }, workOff));
    return results;
  }
}
