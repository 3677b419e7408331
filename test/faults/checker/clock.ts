import type { AtMs } from "../history/event.ts";

/** Milliseconds since the run began, whole: millions of them are kept, and small integers are free. */
export type RunMs = number;

/** Later than anything in a run. */
export const NEVER: RunMs = 2 ** 31 - 1;
/** Earlier than anything in a run. */
export const UNKNOWN: RunMs = -NEVER;

/** The instants of a run, from its first event on. */
export class RunClock {
  #startedAt: AtMs | undefined;

  of(at: AtMs): RunMs {
    this.#startedAt ??= Math.floor(at);
    return Math.max(-NEVER, Math.min(Math.round(at - this.#startedAt), NEVER - 1));
  }
}

/**
 * Actors and the store read one machine's clock in different ways, and round it. What compares an
 * actor's instant with the store's, or with another actor's, leaves this much.
 */
export const CLOCK_TOLERANCE_MS = 10;
