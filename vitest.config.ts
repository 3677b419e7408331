import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import { LongFirst } from "./test/support/long-first.ts";

export default defineConfig({
  test: {
    // vitest itself would leave a core to others.
    maxWorkers: Math.max(availableParallelism(), 2),
    // What is marked as concurrent mostly waits.
    maxConcurrency: 12,
    sequence: { sequencer: LongFirst },
  },
});
