import type { Simulation } from "../../src/app/simulate.ts";
import { PRESETS } from "../../src/core/presets.ts";

/** A scripted simulation result. */
export const SIMULATION: Simulation = {
  policy: PRESETS.network,
  schedule: {
    attempts: [
      { attempt: 1, delayMs: 5_000, minDelayMs: 2_500, maxDelayMs: 7_500, dueAtMs: 105_000 },
    ],
    truncated: true,
  },
  stored: { examinedCount: 3, retried: [{ withinMs: 1_000, count: 2 }], quarantinedCount: 1 },
};
