import { BREAKER } from "./limiters.ts";

/** What of a lease a breaker goes by. */
export interface BreakerLease {
  sinceMs: number;
  isProbe: boolean;
}

/** A circuit breaker, of the queue or of one key: moved by outcomes alone. */
export class Breaker {
  state: "CLOSED" | "OPEN" | "HALF_OPEN" = "CLOSED";
  /** When it was closed last. */
  openSinceMs = 0;
  /** Latest opening; leases from before say nothing any more, also once it is closed. */
  openedAtMs = Number.NEGATIVE_INFINITY;
  retryAtMs = 0;
  /** Without a closing in between. */
  openedCount = 0;
  halfOpenAtMs = 0;
  /** Probes that have succeeded. */
  won = 0;
  /** Other settings were in force while probes were out: only the store has the number of those still out. */
  isBlurred = false;
  #outcomes: { tenth: number; failed: boolean }[] = [];

  isProbe({ sinceMs, isProbe }: BreakerLease): boolean {
    return this.state === "HALF_OPEN" && isProbe && sinceMs >= this.halfOpenAtMs;
  }

  /**
   * An outcome: under a live lease, or a late one under none. True: the failure is not to be held
   * against its message.
   */
  outcome(
    nowMs: number,
    lease: BreakerLease | undefined,
    failed: boolean,
    counts: boolean,
  ): boolean {
    const saysNothing = failed && counts;
    if (lease !== undefined && lease.sinceMs <= this.openedAtMs) return saysNothing;
    if (this.state === "CLOSED") {
      if (lease !== undefined && (counts || !failed)) this.#count(nowMs, failed);
      return false;
    }
    if (lease === undefined || !this.isProbe(lease)) return saysNothing;
    if (saysNothing) this.open(nowMs);
    else if (!failed && ++this.won === BREAKER.probes) this.close();
    return false;
  }

  open(nowMs: number): void {
    if (this.state === "CLOSED") {
      this.openSinceMs = nowMs;
      this.openedCount = 0;
    }
    this.state = "OPEN";
    this.openedAtMs = nowMs;
    this.openedCount++;
    const openMs = BREAKER.openMs * 2 ** (this.openedCount - 1);
    this.retryAtMs = nowMs + Math.min(openMs, BREAKER.maxOpenMs);
    this.#outcomes = [];
    this.isBlurred = false;
  }

  close(): void {
    this.state = "CLOSED";
    this.openedCount = 0;
    this.#outcomes = [];
    this.isBlurred = false;
  }

  halfOpen(nowMs: number): void {
    this.state = "HALF_OPEN";
    this.halfOpenAtMs = nowMs;
    this.won = 0;
    this.isBlurred = false;
  }

  /** Outcomes are forgotten by tenths of the window. */
  #count(nowMs: number, failed: boolean): void {
    const tenth = Math.floor((nowMs * 10) / BREAKER.windowMs);
    this.#outcomes.push({ tenth, failed });
    this.#outcomes = this.#outcomes.filter((one) => one.tenth > tenth - 10);
    const failures = this.#outcomes.filter((one) => one.failed).length;
    const { minimumVolume, failureRatio } = BREAKER;
    const all = this.#outcomes.length;
    if (failed && all >= minimumVolume && failures >= failureRatio * all) this.open(nowMs);
  }
}
