/** The wait after the first failure; it doubles. */
const RETRY_MS = 250;
const RETRY_MAX_MS = 5_000;
/** A failure is logged this often. */
const LOG_MS = 60_000;

interface PublishTriesLog {
  warn(facts: object, message: string): void;
  info(facts: object, message: string): void;
}

/** When something may be published again after a failure, whichever partition met it. */
export class PublishTries {
  readonly #log: PublishTriesLog;
  #nextAtMs = 0;
  #pauseMs = RETRY_MS;
  #failedAtMs: number | undefined;
  #loggedAtMs = Number.NEGATIVE_INFINITY;

  constructor(log: PublishTriesLog) {
    this.#log = log;
  }

  /** How long tries fail, in milliseconds; 0: they succeed. */
  get failingMs(): number {
    return this.#failedAtMs === undefined ? 0 : performance.now() - this.#failedAtMs;
  }

  /** Resolves when a try may begin, or when the signal aborts. */
  async untilNext(signal: AbortSignal): Promise<void> {
    const waitMs = this.#nextAtMs - performance.now();
    if (waitMs > 0) await sleep(waitMs, signal);
  }

  worked(): void {
    this.#pauseMs = RETRY_MS;
    if (this.#failedAtMs === undefined) return;
    const outageMs = Math.round(this.failingMs);
    this.#failedAtMs = undefined;
    this.#log.info({ outageMs }, "events are published again");
  }

  failed(error: Error): void {
    const nowMs = performance.now();
    this.#failedAtMs ??= nowMs;
    // Tries that ran at once fail together.
    if (nowMs >= this.#nextAtMs) {
      this.#nextAtMs = nowMs + this.#pauseMs;
      this.#pauseMs = Math.min(2 * this.#pauseMs, RETRY_MAX_MS);
    }
    if (nowMs - this.#loggedAtMs < LOG_MS) return;
    this.#loggedAtMs = nowMs;
    this.#log.warn(
      { error: error.message },
      "events cannot be published; they wait in the outbox; retrying",
    );
  }
}

/** Resolves after a time, or when the signal aborts. */
export function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    if (signal.aborted) end();
    else signal.addEventListener("abort", end, { once: true });
  });
}
