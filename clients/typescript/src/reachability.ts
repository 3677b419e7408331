import { isSilent } from "./call-error.ts";

/** Longer than the spool's delivery ever waits between two calls. */
const UNASKED_MS = 45_000;

/**
 * Whether the service is known to be away: two calls one after the other have failed, the second one
 * begun after the first had failed, and none has been answered since. The spool's
 * delivery asks again and again for what it has; where it has nothing to ask for, as in a spool without
 * room, a send does after a while.
 */
export class Reachability {
  /** Called when an answer comes after a failure. */
  onBack: () => void = () => {};
  #failures = 0;
  #lastError: unknown;
  #failedAtMs = Number.NEGATIVE_INFINITY;
  #answeredSinceMs = Number.NEGATIVE_INFINITY;

  isAway(nowMs: number = performance.now()): boolean {
    return this.#failures >= 2 && nowMs - this.#failedAtMs < UNASKED_MS;
  }

  /** Why it is not reached; undefined where nobody has said so. */
  get lastError(): unknown {
    return this.#lastError;
  }

  /**
   * @param beganAtMs of the call, by the monotonic clock
   * @param error why, if it is known
   */
  failed(beganAtMs: number, error?: unknown, nowMs: number = performance.now()): void {
    // Calls that were under way together fail together, by one fault.
    if (beganAtMs < this.#answeredSinceMs || beganAtMs < this.#failedAtMs) return;
    this.#failures++;
    if (this.#lastError === undefined || !isSilent(error)) this.#lastError = error; // else the earlier one knows more
    this.#failedAtMs = nowMs;
  }

  answered(beganAtMs: number): void {
    const wasFailing = this.#failures > 0;
    this.#failures = 0;
    this.#lastError = undefined;
    this.#answeredSinceMs = Math.max(this.#answeredSinceMs, beganAtMs);
    if (wasFailing) this.onBack();
  }
}
