import { quantile } from "../../support/quantile.ts";
import type { LoadResult } from "./commands.ts";

/** Wall clock with fractions of a millisecond, the same for all processes of a machine. */
export const nowMs = (): number => performance.timeOrigin + performance.now();

/** Counts answers and measures their times. */
export class Tally {
  count = 0;
  #firstCount = 0;
  #firstAtMs = 0;
  #lastAtMs = 0;
  readonly #tookMs: number[] = [];

  /** Counts operations that have just ended. */
  add(count: number): void {
    this.#lastAtMs = nowMs();
    if (this.count === 0) {
      this.#firstAtMs = this.#lastAtMs;
      this.#firstCount = count;
    }
    this.count += count;
  }

  took(ms: number): void {
    this.#tookMs.push(ms);
  }

  result(): LoadResult {
    const sorted = this.#tookMs.sort((a, b) => a - b);
    return {
      count: this.count,
      firstCount: this.#firstCount,
      firstAtMs: this.#firstAtMs,
      lastAtMs: this.#lastAtMs,
      ...(sorted.length > 0 && { p50Ms: quantile(sorted, 0.5), p99Ms: quantile(sorted, 0.99) }),
    };
  }
}
