/** The wait after the first failure of a partition; it doubles. */
const RETRY_MS = 250;
const RETRY_MAX_MS = 5_000;
/** An error that lasts is logged again this often. */
const REPEAT_MS = 600_000;
/** Failures that are logged within a window. */
const LINES_MAX = 10;
const WINDOW_MS = 60_000;

interface PublishFailuresParts {
  log: { warn(facts: object, message: string): void; info(facts: object, message: string): void };
  /** The partitions that have something to publish. */
  waitingPartitions(): Iterable<number>;
  /** State changes that were removed so far. */
  missed(): number;
  /** Logs those that are not logged yet. */
  logMissed(): Promise<void>;
}

interface Failing {
  readonly sinceMs: number;
  pauseMs: number;
  /** The latest one. */
  error: Error;
}

/** From the first failure until all that waited is published. */
interface Outage {
  /** Whether one of its failures was logged. */
  isLogged: boolean;
  readonly sinceMs: number;
  readonly missedBefore: number;
  published: number;
  /** When the last failure ended; and the partitions that had something to publish then, and still have. */
  end: { readonly atMs: number; readonly left: Set<number> } | undefined;
}

/** The errors that were logged. */
class LoggedErrors {
  readonly #atMs = new Map<string, number>();
  #window = { sinceMs: Number.NEGATIVE_INFINITY, lines: 0 };

  /** Reports whether an error should be logged now, and notes that it is. */
  take(error: string): boolean {
    const nowMs = performance.now();
    const isOld = (atMs: number) => nowMs - atMs >= REPEAT_MS;
    if (!isOld(this.#atMs.get(error) ?? Number.NEGATIVE_INFINITY)) return false;
    if (nowMs - this.#window.sinceMs >= WINDOW_MS) this.#window = { sinceMs: nowMs, lines: 0 };
    if (this.#window.lines >= LINES_MAX) return false;
    this.#window.lines++;
    for (const [one, atMs] of this.#atMs) if (isOld(atMs)) this.#atMs.delete(one);
    this.#atMs.set(error, nowMs);
    return true;
  }

  /** Each error is a new one from now on. */
  forget(): void {
    this.#atMs.clear();
  }
}

/** The partitions whose events cannot be published now. */
export class PublishFailures {
  readonly #parts: PublishFailuresParts;
  readonly #failing = new Map<number, Failing>();
  readonly #logged = new LoggedErrors();
  #outage: Outage | undefined;

  constructor(parts: PublishFailuresParts) {
    this.#parts = parts;
  }

  /** How long the oldest failure lasts, in milliseconds; 0: all can be published. */
  get failingMs(): number {
    const [oldest] = this.#failing.values();
    return oldest === undefined ? 0 : performance.now() - oldest.sinceMs;
  }

  /** Why the oldest failure lasts. Undefined: all can be published. */
  get error(): Error | undefined {
    const [oldest] = this.#failing.values();
    return oldest?.error;
  }

  /** Returns when to try again, in milliseconds. */
  failed(partition: number, error: Error): number {
    const nowMs = performance.now();
    const failing = this.#failing.get(partition) ?? {
      sinceMs: nowMs,
      pauseMs: RETRY_MS,
      error,
    };
    this.#failing.set(partition, failing);
    failing.error = error;
    const { pauseMs } = failing;
    failing.pauseMs = Math.min(2 * pauseMs, RETRY_MAX_MS);
    this.#outage ??= {
      isLogged: false,
      sinceMs: nowMs,
      missedBefore: this.#parts.missed(),
      published: 0,
      end: undefined,
    };
    this.#outage.end = undefined;
    if (this.#logged.take(error.message)) {
      this.#outage.isLogged = true;
      this.#parts.log.warn(
        { partition, error: error.message },
        "events cannot be published; they wait in the outbox; retrying",
      );
    }
    return pauseMs;
  }

  /** So many of its events were published. `isAll`: no more of them wait. */
  published(partition: number, events: number, isAll: boolean): void {
    if (this.#outage !== undefined) this.#outage.published += events;
    if (this.#isLast(partition) && this.#outage !== undefined)
      this.#outage.end = {
        atMs: performance.now(),
        left: new Set(this.#parts.waitingPartitions()),
      };
    if (isAll) this.caughtUp(partition);
  }

  /** None of its events waits. */
  caughtUp(partition: number): void {
    const left = this.#outage?.end?.left;
    left?.delete(partition);
    if (left?.size === 0) this.#logEnd(false);
  }

  /** Another server publishes it from now on. */
  dropped(partition: number): void {
    if (this.#isLast(partition)) this.#logEnd(true);
    else this.caughtUp(partition);
  }

  #isLast(partition: number): boolean {
    return this.#failing.delete(partition) && this.#failing.size === 0;
  }

  #logEnd(isTakenOver: boolean): void {
    if (this.#outage === undefined) return;
    const { isLogged, sinceMs, end, published, missedBefore } = this.#outage;
    this.#outage = undefined;
    this.#logged.forget();
    if (!isLogged) return;
    const outageMs = Math.round((end?.atMs ?? performance.now()) - sinceMs);
    const missed = this.#parts.missed() - missedBefore;
    const message = isTakenOver
      ? "another server publishes the events that could not be published here"
      : "events are published again";
    const { log, logMissed } = this.#parts;
    // Logged after that line, they would look as if they were missed after the recovery.
    void logMissed().then(() => log.info({ outageMs, published, missed }, message));
  }
}
