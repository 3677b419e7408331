import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import { LongFirst } from "./test/support/long-first.ts";

export default defineConfig({
  test: {
    // Deadlines end a test that hangs. They are far above what a slow machine needs.
    testTimeout: 120_000,
    hookTimeout: 180_000,
    expect: { poll: { timeout: 60_000 } },
    setupFiles: ["test/support/patient-waits.ts"],
    // By default vitest leaves one core free.
    maxWorkers: Math.max(availableParallelism(), 2),
    // Concurrent tests mostly wait.
    maxConcurrency: 12,
    sequence: { sequencer: LongFirst },
  },
});
