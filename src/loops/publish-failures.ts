/** The wait after the first failure of a partition; it doubles. */
const RETRY_MS = 250;
const RETRY_MAX_MS = 5_000;
/** A failure is logged at most this often, and the same one again after a longer time. */
const LOG_MS = 60_000;
const REPEAT_MS = 10 * LOG_MS;

interface PublishFailuresParts {
  log: { warn(facts: object, message: string): void; info(facts: object, message: string): void };
  /** The partitions that have something to publish. */
  waiting(): Iterable<number>;
  /** State changes that were removed so far. */
  missed(): number;
}

interface Failing {
  readonly sinceMs: number;
  pauseMs: number;
  /** The latest one. */
  error: string;
}

/** From the first failure that was logged until all that waited is published. */
interface Outage {
  readonly sinceMs: number;
  readonly missedBefore: number;
  published: number;
  /** When the last failure ended; and the partitions that had something to publish then, and still have. */
  end: { readonly atMs: number; readonly left: Set<number> } | undefined;
}

/** The partitions whose events cannot be published now. */
export class PublishFailures {
  readonly #parts: PublishFailuresParts;
  readonly #failing = new Map<number, Failing>();
  #logged = { atMs: Number.NEGATIVE_INFINITY, error: "" };
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
  get error(): string | undefined {
    const [oldest] = this.#failing.values();
    return oldest?.error;
  }

  /** Returns when to try again, in milliseconds. */
  failed(partition: number, { message: error }: Error): number {
    const nowMs = performance.now();
    const failing = this.#failing.get(partition) ?? {
      sinceMs: nowMs,
      pauseMs: RETRY_MS,
      error: "",
    };
    this.#failing.set(partition, failing);
    failing.error = error;
    const { pauseMs } = failing;
    failing.pauseMs = Math.min(2 * pauseMs, RETRY_MAX_MS);
    if (this.#outage !== undefined) this.#outage.end = undefined;
    const { atMs, error: loggedError } = this.#logged;
    if (nowMs - atMs >= (error === loggedError ? REPEAT_MS : LOG_MS)) {
      this.#logged = { atMs: nowMs, error };
      this.#outage ??= {
        sinceMs: nowMs - this.failingMs,
        missedBefore: this.#parts.missed(),
        published: 0,
        end: undefined,
      };
      this.#parts.log.warn(
        { partition, error },
        "events cannot be published; they wait in the outbox; retrying",
      );
    }
    return pauseMs;
  }

  /** So many of its events were published. `isAll`: no more of them wait. */
  published(partition: number, events: number, isAll: boolean): void {
    if (this.#outage !== undefined) this.#outage.published += events;
    if (this.#isLast(partition) && this.#outage !== undefined)
      this.#outage.end = { atMs: performance.now(), left: new Set(this.#parts.waiting()) };
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
    const { sinceMs, end, published, missedBefore } = this.#outage;
    this.#outage = undefined;
    this.#logged.error = "";
    const outageMs = Math.round((end?.atMs ?? performance.now()) - sinceMs);
    const missed = this.#parts.missed() - missedBefore;
    const message = isTakenOver
      ? "another server publishes the events that could not be published here"
      : "events are published again";
    this.#parts.log.info({ outageMs, published, missed }, message);
  }
}
