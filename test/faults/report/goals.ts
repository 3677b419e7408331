import type { RunResult } from "../conductor.ts";
import type { FaultOutcome } from "../inject.ts";
import { memoryOf } from "./memory.ts";
import { byKind, median, PARTS } from "./recovery.ts";

/** From the end of a fault's cause until every queue, server and worker works again. */
export const RECOVERY_GOAL_MS = 2_000;
/** Of queues and servers, in any run. Time in which the machine did not let the suite run does not count. */
export const RECOVERY_LIMIT_MS = 10_000;

/**
 * What makes a run fail, in words.
 * @param isLong kinds come often enough for their medians to be judged
 */
export function problemsOf(result: RunResult, isLong: boolean): string[] {
  const { environment, check, failures, faults } = result;
  return [
    ...new Set(failures),
    ...check.violations.map(
      ({ rule, words, total, examples }) =>
        `${rule}: not so that ${words}: ${total} times, such as\n  ${examples.join("\n  ")}`,
    ),
    ...faults.flatMap(tooLate),
    ...(isLong ? [...byKind(faults)].flatMap(([kind, some]) => lateMedians(kind, some)) : []),
    ...memoryOf(result)
      .filter(({ bytes, bound }) => bytes > bound)
      .map(({ name, words }) => `${name} had more memory than its bound: ${words}`),
  ].map((problem) => `${environment}: ${problem}`);
}

function tooLate(outcome: FaultOutcome): string[] {
  const { kinds, queuesMs, serversMs, stalledMs, detail } = outcome;
  const ms = Math.max(queuesMs, serversMs) - stalledMs;
  if (ms <= RECOVERY_LIMIT_MS) return [];
  return [`${kinds.join("+")} (${detail}): back after ${Math.round(ms)} ms only`];
}

function lateMedians(kind: string, outcomes: readonly FaultOutcome[]): string[] {
  return PARTS.filter(({ isJudged }) => isJudged).flatMap(({ name, msOf }) => {
    const ms = median(outcomes.map(msOf));
    if (ms <= RECOVERY_GOAL_MS) return [];
    return [
      `${kind}: ${name} is back after ${Math.round(ms)} ms in the median, over ${RECOVERY_GOAL_MS} ms`,
    ];
  });
}
