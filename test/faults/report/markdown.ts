import { machine } from "../../bench/report/result-file.ts";
import type { RunResult } from "../conductor.ts";
import type { Options } from "../options.ts";
import { problemsOf, RECOVERY_GOAL_MS } from "./goals.ts";
import { lossesOf } from "./losses.ts";
import { memoryOf } from "./memory.ts";
import { recoveryOf } from "./recovery.ts";

/** An environment whose run was aborted, so it has no results. */
export interface BrokenOff {
  readonly environment: string;
  readonly why: string;
}

/** Returns the report in Markdown, with a table for each environment. */
export function reportOf(
  results: readonly RunResult[],
  brokenOff: readonly BrokenOff[],
  options: Options,
): string {
  const { cpu, cores, memoryGiB, node } = machine();
  const command = `npm run test:faults --${options.long ? " --long" : ""} --seed ${options.seed}`;
  const day = new Date().toISOString().slice(0, 10);
  const faults = faultCount(results);
  const pairs = faults - sumOf(results, (result) => result.faults.length);
  const messages = sumOf(results, loadOf);
  const minutes = Math.round(sumOf(results, ({ durationMs }) => durationMs) / 60_000);
  return `${[
    `### ${count(messages)} messages, ${faults} faults, seed ${options.seed}`,
    `\`${command}\`, ${day}, ${minutes} minutes; ${cores} cores (${cpu}), ${memoryGiB} GiB, Node ` +
      `${node}. ${2 * pairs} of the faults came in pairs, the second up to 2 s after the first.`,
    ...brokenOff.map(
      ({ environment, why }) =>
        `#### ${environment}\n\n**The run was aborted and proves nothing:** ${why}`,
    ),
    ...results.map((result) => partOf(result, options.long)),
  ].join("\n\n")}\n`;
}

/** Each fault of a pair counts. */
export function faultCount(results: readonly RunResult[]): number {
  return results.flatMap((result) => result.faults.flatMap(({ kinds }) => kinds)).length;
}

function partOf(result: RunResult, isLong: boolean): string {
  const { environment, words, check, durationMs, baseline, idleQueues, coreSlowness } = result;
  const { counts } = check;
  const { duplicates } = counts;
  const problems = problemsOf(result, isLong);
  const losses = lossesOf(result, problems.length);
  return [
    `#### ${environment}: ${words}`,
    ...(losses === "" ? [] : [losses]),
    ...(problems.length === 0
      ? []
      : [`**${problems.length} problems:**\n\n${problems.map((one) => `- ${one}`).join("\n")}`]),
    ...(coreSlowness > 1
      ? [
          `The cores of the machine were ${coreSlowness.toFixed(1)} times slower than ordinary ones; so are the goals for medians.`,
        ]
      : []),
    ...(counts.published === 0
      ? []
      : [`${count(counts.published)} messages in the stream of NATS.`]),
    `${Math.round(durationMs / 1_000)} s; ${count(loadOf(result))} sends acknowledged, ` +
      `${count(baseline)} baseline messages, ${count(idleQueues)} idle queues, ` +
      `${count(counts.unacknowledgedButThere)} stored without an acknowledgement; ` +
      `${count(counts.deliveries)} deliveries received, ${count(counts.unreceived)} that reached no worker; ` +
      `${count(counts.applied)} outcomes applied, ${count(counts.unanswered)} unanswered; ` +
      `${count(counts.kept)} stored at the end, ${count(counts.quarantined)} of them in quarantine. ` +
      `${count(counts.jobs)} batch jobs acted ${count(counts.acts)} times. ` +
      `Repeated deliveries: ${count(duplicates.expired)} after an expired lease, ` +
      `${count(duplicates.unanswered)} after an ` +
      `outcome without an answer. Most memory of one process: ` +
      `${memoryOf(result)
        .map((memory) => memory.words)
        .join(", ")}.`,
    recoveryOf(result.faults, RECOVERY_GOAL_MS),
  ].join("\n\n");
}

/** Acknowledged messages without the baseline. */
function loadOf({ check, baseline }: RunResult): number {
  return check.counts.acknowledged - baseline;
}

function sumOf(results: readonly RunResult[], of: (result: RunResult) => number): number {
  return results.reduce((sum, result) => sum + of(result), 0);
}

function count(value: number): string {
  return value.toLocaleString("en-US");
}
