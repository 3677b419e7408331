import type { AtMs } from "../history/event.ts";

/** Whole milliseconds since the first event. Small integers save memory: there are millions. */
export type RunMs = number;

/** Later than any event of a run. */
export const NEVER: RunMs = 2 ** 31 - 1;
/** Earlier than any event of a run. */
export const UNKNOWN: RunMs = -NEVER;

/** Converts times to milliseconds since the first event. */
export class RunClock {
  #startedAt: AtMs | undefined;

  of(at: AtMs): RunMs {
    this.#startedAt ??= Math.floor(at);
    return Math.max(-NEVER, Math.min(Math.round(at - this.#startedAt), NEVER - 1));
  }
}

/**
 * Allowed difference between times of two actors, or of an actor and the store: they read the clock of the
 * machine in different ways and round it.
 */
export const CLOCK_TOLERANCE_MS = 10;
