/** Waits for the work, at most `ms`. The work itself continues. */
export async function atMost(ms: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  try {
    await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** How long work may block the event loop before other work gets a turn, in milliseconds. */
const BLOCK_MS = 10;

/** After longer work, the next waits as long as it took. */
const LONG_MS = 25;

let waiting: (() => void)[] = [];
let isScheduled = false;

/**
 * Resolves in a later turn of the event loop, so that other work can run in between. All callers
 * share the turns: however many there are, long pieces of work take at most half of the time.
 */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    waiting.push(resolve);
    if (isScheduled) return;
    isScheduled = true;
    setImmediate(runWaiting);
  });
}

function runWaiting(): void {
  const startedAtMs = performance.now();
  const late: (() => void)[] = [];
  // Each piece runs after its callback and before the next one. All are in the same turn.
  for (const resolve of waiting.splice(0)) {
    setImmediate(() => {
      if (performance.now() - startedAtMs > BLOCK_MS) late.push(resolve);
      else resolve();
    });
  }
  setImmediate(() => {
    waiting = [...late, ...waiting];
    isScheduled = waiting.length > 0;
    if (!isScheduled) return;
    const tookMs = performance.now() - startedAtMs;
    if (tookMs < LONG_MS) setImmediate(runWaiting);
    else setTimeout(runWaiting, tookMs);
  });
}

/**
 * Paces loops of small pieces of work that may be long together. Loops that share one block other work no longer than a single
 * loop, and have one place among those that wait for a turn.
 */
export class Pace {
  #startedAtMs = performance.now();
  readonly #waiting: (() => void)[] = [];
  #isResuming = false;

  /** Whether other work has waited for long. If so, call `giveTurn`. */
  get isTooLong(): boolean {
    return performance.now() - this.#startedAtMs > BLOCK_MS;
  }

  /** Lets other work run. */
  giveTurn(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      if (!this.#isResuming) void this.#resumeAll();
    });
  }

  async #resumeAll(): Promise<void> {
    this.#isResuming = true;
    while (this.#waiting.length > 0) {
      await nextTurn();
      this.#startedAtMs = performance.now();
      while (this.#waiting.length > 0 && !this.isTooLong) {
        this.#waiting.shift()?.();
        // Ticks run after all promises: until then the loop does its work.
        await new Promise<void>((resolve) => process.nextTick(resolve));
      }
    }
    this.#isResuming = false;
  }
}
