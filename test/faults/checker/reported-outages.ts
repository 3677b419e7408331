import type { RunMs } from "./clock.ts";

/** Servers give up a call to the store after 1 s (rig/environment.ts). */
const DEADLINE_MS = 1_000;
const STEP_MS = 100;

/**
 * The times of UNAVAILABLE answers: a server could not reach its store, because of a fault or because the machine was
 * too busy.
 */
export class ReportedOutages {
  readonly #steps = new Set<number>();

  reported(code: string, at: RunMs): void {
    if (code.toUpperCase() === "UNAVAILABLE") this.#steps.add(Math.floor(at / STEP_MS));
  }

  /** Reports whether a reply of the store may have been lost between these times. */
  between(fromMs: RunMs, toMs: RunMs): boolean {
    const last = toMs + DEADLINE_MS;
    for (const step of this.#steps) {
      const at = step * STEP_MS;
      if (at + STEP_MS > fromMs && at <= last) return true;
    }
    return false;
  }
}
