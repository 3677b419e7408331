import { rateOf } from "../consuming.ts";
import type { LoadResult } from "../load/commands.ts";
import type { Sample } from "../row.ts";

/** Each sample has a queue of its own, so that none finds what another left. */
export function queueSequence(): () => string {
  let number = 0;
  return () => `bench-${++number}`;
}

/** Rate over all loads, and latency if a load reported it. */
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
