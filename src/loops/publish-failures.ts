/** The wait after the first failure of a partition; it doubles. */
const RETRY_MS = 250;
const RETRY_MAX_MS = 5_000;
/** A failure is logged this often. */
const LOG_MS = 60_000;

interface PublishLog {
  warn(facts: object, message: string): void;
  info(facts: object, message: string): void;
}

interface Failing {
  readonly sinceMs: number;
  pauseMs: number;
  /** The latest one. */
  error: string;
}

/** The partitions whose events cannot be published now. */
export class PublishFailures {
  readonly #log: PublishLog;
  readonly #failing = new Map<number, Failing>();
  #loggedAtMs = Number.NEGATIVE_INFINITY;
  /** Since when some partition fails, once that was logged. */
  #loggedSinceMs: number | undefined;

  constructor(log: PublishLog) {
    this.#log = log;
  }

  /** How long the oldest failure lasts, in milliseconds; 0: all can be published. */
  get failingMs(): number {
    const [oldest] = this.#failing.values();
    return oldest === undefined ? 0 : performance.now() - oldest.sinceMs;
  }

  /** Why the oldest failure lasts. Undefined: all can be published. */
  get error(): string | undefined {
    const [oldest] = this.#failing.values();
    return oldest?.error;
  }

  /** Returns when to try again, in milliseconds. */
  failed(partition: number, error: Error): number {
    const nowMs = performance.now();
    const failing = this.#failing.get(partition) ?? {
      sinceMs: nowMs,
      pauseMs: RETRY_MS,
      error: "",
    };
    this.#failing.set(partition, failing);
    failing.error = error.message;
    const { pauseMs } = failing;
    failing.pauseMs = Math.min(2 * pauseMs, RETRY_MAX_MS);
    if (nowMs - this.#loggedAtMs >= LOG_MS) {
      this.#loggedAtMs = nowMs;
      this.#loggedSinceMs ??= nowMs - this.failingMs;
      this.#log.warn(
        { partition, error: error.message },
        "events cannot be published; they wait in the outbox; retrying",
      );
    }
    return pauseMs;
  }

  /** Its events were published. */
  succeeded(partition: number): void {
    const outage = this.#endOf(partition);
    if (outage !== undefined) this.#log.info(outage, "events are published again");
  }

  /** Another server publishes it from now on. */
  dropped(partition: number): void {
    const outage = this.#endOf(partition);
    if (outage === undefined) return;
    this.#log.info(outage, "another server publishes the events that could not be published here");
  }

  /** Undefined: others still fail, or nothing was logged. */
  #endOf(partition: number): { readonly outageMs: number } | undefined {
    if (!this.#failing.delete(partition) || this.#failing.size > 0) return undefined;
    if (this.#loggedSinceMs === undefined) return undefined;
    const outageMs = Math.round(performance.now() - this.#loggedSinceMs);
    this.#loggedSinceMs = undefined;
    return { outageMs };
  }
}
