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

/** Resolves in the next turn of the event loop, so that other work can run in between. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** Longer work lets other work run in between. */
const BLOCK_MS = 10;

/** Paces a loop of small pieces of work that may be long together. */
export class Pace {
  #startedAtMs = performance.now();

  /** Whether other work has waited for long. If so, call `rest`. */
  get isLong(): boolean {
    return performance.now() - this.#startedAtMs > BLOCK_MS;
  }

  /** Lets other work run. */
  async rest(): Promise<void> {
    await nextTurn();
    this.#startedAtMs = performance.now();
  }
}
