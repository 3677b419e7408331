import { isTimeout } from "./call-error.ts";

/** Longer than the longest pause of the spool sender, so that sends probe only if the spool sender does not. */
const PROBE_AFTER_MS = 45_000;

/**
 * Tracks whether the service is unavailable: two calls in a row failed, the second one began after the first had
 * failed, and no call was answered since. The spool sender keeps probing while it has messages. 45 s after the last
 * failed call, the next send is a probe.
 */
export class Reachability {
  /** Called when a call is answered after a failure. */
  onAvailable: () => void = () => {};
  #failures = 0;
  #lastError: unknown;
  #failedAtMs = Number.NEGATIVE_INFINITY;
  #answeredSinceMs = Number.NEGATIVE_INFINITY;

  isUnavailable(nowMs: number = performance.now()): boolean {
    return this.#failures >= 2 && nowMs - this.#failedAtMs < PROBE_AFTER_MS;
  }

  /** Whether the latest call was answered. */
  get isAnswering(): boolean {
    return this.#failures === 0 && this.#answeredSinceMs > Number.NEGATIVE_INFINITY;
  }

  /** Why the service is unavailable; undefined if no error says so. */
  get lastError(): unknown {
    return this.#lastError;
  }

  /** @param beganAtMs when the call was begun, by the monotonic clock */
  failed(beganAtMs: number, error?: unknown, nowMs: number = performance.now()): void {
    // Concurrent calls fail together by one fault: it counts once.
    if (beganAtMs < this.#answeredSinceMs || beganAtMs < this.#failedAtMs) return;
    this.#failures++;
    // A timeout says less than the error before it.
    if (this.#lastError === undefined || !isTimeout(error)) this.#lastError = error;
    this.#failedAtMs = nowMs;
  }

  /** @param beganAtMs when the call was begun, by the monotonic clock */
  answered(beganAtMs: number): void {
    const wasFailing = this.#failures > 0;
    this.#failures = 0;
    this.#lastError = undefined;
    this.#answeredSinceMs = Math.max(this.#answeredSinceMs, beganAtMs);
    if (wasFailing) this.onAvailable();
  }
}
