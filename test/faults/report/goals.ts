import type { RunResult } from "../conductor.ts";

/** From the end of a fault's cause until every queue is delivered again. */
export const RECOVERY_GOAL_MS = 2_000;
/** Resident memory of a server, whatever happens to it. */
export const SERVER_MEMORY_MIB = 512;

const MIB = 1024 ** 2;

/** What makes a run fail, in words. */
export function problemsOf(result: RunResult): string[] {
  const { world, check, failures, memory } = result;
  const servers = Object.entries(memory).filter(([name]) => name.startsWith("server-"));
  return [
    ...failures,
    ...check.violations.map(
      ({ rule, words, total, examples }) =>
        `${rule}: not so that ${words}: ${total} times, such as\n  ${examples.join("\n  ")}`,
    ),
    ...servers
      .filter(([, bytes]) => bytes > SERVER_MEMORY_MIB * MIB)
      .map(([name, bytes]) => `${name} had ${Math.round(bytes / MIB)} MiB, more than its bound`),
  ].map((problem) => `${world}: ${problem}`);
}
