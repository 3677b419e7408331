import type { PauseSettings } from "./settings.ts";

/** Whether nothing is handed out at this instant of the store. */
export function isPaused(settings: PauseSettings, nowMs: number): boolean {
  const { paused, pausedUntilAtMs } = settings;
  return paused && (pausedUntilAtMs === undefined || pausedUntilAtMs > nowMs);
}
