import type { RunResult } from "../conductor.ts";
import type { FaultOutcome } from "../inject.ts";
import { memoryOf } from "./memory.ts";
import { byKind, median, PARTS } from "./recovery.ts";

/** Goal for the recovery of queues, servers and workers, from the end of a fault's cause, on ordinary cores. */
export const RECOVERY_GOAL_MS = 2_000;
/** Higher goals of kinds, ms. This one includes the time in which Redis reads all of its data again. */
const SLOWER_GOALS_MS: ReadonlyMap<string, number> = new Map([["kill-embedded-redis", 5_000]]);
/** Limit for queues and servers in any run. Time in which the machine suspended the suite does not count. */
export const RECOVERY_LIMIT_MS = 10_000;

/**
 * Returns the reasons why a run fails.
 * @param isLong whether there are enough faults of each kind to judge medians
 */
export function problemsOf(result: RunResult, isLong: boolean): string[] {
  const { environment, check, failures, faults, coreSlowness } = result;
  return [
    ...new Set(failures),
    ...check.violations.map(
      ({ rule, words, total, examples }) =>
        `${rule} was broken ${total} times: ${words}. Examples:\n  ${examples.join("\n  ")}`,
    ),
    ...faults.flatMap(tooLate),
    ...(isLong
      ? [...byKind(faults)].flatMap(([kind, some]) => lateMedians(kind, some, coreSlowness))
      : []),
    ...memoryOf(result)
      .filter(({ bytes, bound }) => bytes > bound)
      .map(({ name, words }) => `${name} exceeded the memory limit: ${words}`),
  ].map((problem) => `${environment}: ${problem}`);
}

function tooLate(outcome: FaultOutcome): string[] {
  const { kinds, queuesMs, serversMs, stalledMs, detail } = outcome;
  const ms = Math.max(queuesMs, serversMs) - stalledMs;
  if (ms <= RECOVERY_LIMIT_MS) return [];
  return [`${kinds.join("+")} (${detail}): back after ${Math.round(ms)} ms only`];
}

/** Starting servers and reading data again takes longer on slower cores. */
function lateMedians(kind: string, outcomes: readonly FaultOutcome[], slowness: number): string[] {
  const goalMs = Math.round((SLOWER_GOALS_MS.get(kind) ?? RECOVERY_GOAL_MS) * slowness);
  return PARTS.filter(({ isJudged }) => isJudged).flatMap(({ name, msOf }) => {
    const ms = median(outcomes.map(msOf));
    if (ms <= goalMs) return [];
    return [
      `${kind}: ${name} recovered after ${Math.round(ms)} ms in the median, over ${goalMs} ms`,
    ];
  });
}
