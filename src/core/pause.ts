import type { PauseSettings } from "./settings.ts";

/** Reports whether the queue is paused at this time of the store's clock. */
export function isPaused(settings: PauseSettings, nowMs: number): boolean {
  const { paused, pausedUntilAtMs } = settings;
  return paused && (pausedUntilAtMs === undefined || pausedUntilAtMs > nowMs);
}
