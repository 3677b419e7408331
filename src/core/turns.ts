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
   * Runs work for each item; returns the results in order. Waits with one item at a time, so that callers take turns, however
   * many items they have. After an error no more items begin.
   */
  async map<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
    const results: R[] = [];
    const failures: unknown[] = [];
    const running: Promise<void>[] = [];
    for (const [at, item] of items.entries()) {
      const wait = this.take();
      if (wait !== undefined) await wait;
      if (failures.length > 0) {
        this.end();
        break;
      }
      const workOff = async () => {
        try {
          results[at] = await work(item);
        } catch (error) {
          failures.push(error);
        } finally {
          this.end();
        }
      };
      running.push(workOff());
    }
    await Promise.all(running);
    if (failures.length > 0) throw failures[0];
    return results;
  }
}
