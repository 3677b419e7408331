import type { RunMs } from "./clock.ts";

/** Servers give up a call to the store after 1 s (rig/environment.ts), and say so then. */
const DEADLINE_MS = 1_000;
const STEP_MS = 100;

/**
 * When somebody was answered UNAVAILABLE: a server could not reach its store just then, whether a
 * fault was the cause or a machine too busy to give anybody a turn within a deadline.
 */
export class ReportedOutages {
  readonly #steps = new Set<number>();

  heard(code: string, at: RunMs): void {
    if (code.toUpperCase() === "UNAVAILABLE") this.#steps.add(Math.floor(at / STEP_MS));
  }

  /** Whether a reply of the store may have been lost between these instants, by what was heard. */
  between(fromMs: RunMs, toMs: RunMs): boolean {
    const last = toMs + DEADLINE_MS;
    for (const step of this.#steps) {
      const at = step * STEP_MS;
      if (at + STEP_MS > fromMs && at <= last) return true;
    }
    return false;
  }
}
