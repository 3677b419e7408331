import { rateOf } from "../consuming.ts";
import type { LoadResult } from "../load/commands.ts";
import type { Sample } from "../row.ts";

/** Returns a new queue for each sample, so that samples do not share messages. */
export function queueSequence(): () => string {
  let number = 0;
  return () => `bench-${++number}`;
}

/** Returns the rate over all loads, and the latency if a load reported it. */
export function countLoad(results: readonly LoadResult[]): Sample {
  const { p50Ms, p99Ms } = results[0] ?? {};
  const messages = results.reduce((sum, { count }) => sum + count, 0);
  return {
    figures: {
      rate: rateOf(results),
      ...(p50Ms !== undefined && { p50: p50Ms }),
      ...(p99Ms !== undefined && { p99: p99Ms }),
    },
    messages,
  };
}
