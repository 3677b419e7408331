import { machine } from "../../bench/report/result-file.ts";
import type { Violation } from "../checker/findings.ts";
import type { FaultOutcome, RunResult } from "../conductor.ts";
import type { Options } from "../options.ts";
import { problemsOf, RECOVERY_GOAL_MS, SERVER_MEMORY_MIB } from "./goals.ts";

const MIB = 1024 ** 2;

/** What a run has shown, for people: one part a world. */
export function reportOf(results: readonly RunResult[], options: Options): string {
  const { cpu, cores, memoryGiB, node } = machine();
  const command = `npm run test:faults --${options.long ? " --long" : ""} --seed ${options.seed}`;
  const messages = results.reduce((sum, result) => sum + loadOf(result), 0);
  const faults = results.flatMap((result) => result.faults);
  const kinds = faults.reduce((sum, fault) => sum + fault.kinds.length, 0);
  return [
    `\`${command}\`, ${new Date().toISOString().slice(0, 10)}, ${cores} cores (${cpu}), ${memoryGiB} GiB, Node ${node}`,
    `${count(messages)} acknowledged messages, ${kinds} faults.`,
    ...results.map(partOf),
  ].join("\n\n");
}

function partOf(result: RunResult): string {
  const { world, words, check, memory, durationMs } = result;
  const { counts, rolledBack } = check;
  const { duplicates } = counts;
  const problems = problemsOf(result);
  return [
    `### ${world}: ${words}`,
    `${Math.round(durationMs / 1_000)} s; ${count(loadOf(result))} sends acknowledged beside ` +
      `${count(result.stock)} that lay there throughout, ` +
      `${count(counts.unacknowledgedButThere)} stored without an acknowledgement; ` +
      `${count(counts.deliveries)} deliveries received, ${count(counts.unreceived)} that reached nobody; ` +
      `${count(counts.applied)} outcomes applied, ${count(counts.unanswered)} unanswered; ` +
      `${count(counts.kept)} kept at the end, ${count(counts.quarantined)} of them in quarantine.`,
    `Deliveries that came again: ${count(duplicates.expired)} after a lease that ended, ` +
      `${count(duplicates.unanswered)} after a failure or a release without an answer.`,
    problems.length === 0
      ? "Nothing lost, nothing unexplained."
      : `**${problems.length} problems:**\n\n${problems.map((words) => `- ${words}`).join("\n")}`,
    ...(rolledBack.length > 0 ? [`What a failover took back: ${listOf(rolledBack)}.`] : []),
    faultTable(result.faults),
    `Most memory: ${Object.entries(memory)
      .map(([name, bytes]) => `${name} ${Math.round(bytes / MIB)} MiB`)
      .join(", ")} (bound of a server: ${SERVER_MEMORY_MIB} MiB).`,
  ].join("\n\n");
}

/** Messages that were acknowledged, without those that only lay there. */
function loadOf({ check, stock }: RunResult): number {
  return check.counts.acknowledged - stock;
}

function faultTable(faults: readonly FaultOutcome[]): string {
  const byKind = Map.groupBy(faults, ({ kinds }) =>
    kinds.length > 1 ? "two at a time" : kinds[0],
  );
  const rows = [...byKind]
    .sort(([a = ""], [b = ""]) => a.localeCompare(b))
    .map(([kind, some]) => {
      const queues = some.map(({ queuesMs }) => queuesMs);
      const workers = some.map(({ workersMs }) => workersMs);
      const late = queues.filter((ms) => ms > RECOVERY_GOAL_MS).length;
      const cells = [median(queues), Math.max(...queues), median(workers), Math.max(...workers)];
      return `| ${kind} | ${some.length} | ${cells.map((ms) => Math.round(ms)).join(" | ")} | ${late} |`;
    });
  return [
    `Time from the end of the cause until deliveries flow again, in ms:`,
    "",
    `| fault | times | every queue, median | most | every worker, median | most | over ${RECOVERY_GOAL_MS / 1_000} s |`,
    "|---|---|---|---|---|---|---|",
    ...rows,
  ].join("\n");
}

function listOf(violations: readonly Violation[]): string {
  return violations.map(({ rule, total }) => `${total} × ${rule}`).join(", ");
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? 0;
}

function count(value: number): string {
  return value.toLocaleString("en-US");
}
