import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { until } from "../../support/until.ts";

/** @throws Error if the process does not run, so a kill would prove nothing */
export function mustRun(name: string, pid: number): void {
  const state = stateOf(pid);
  if (state === undefined || state === "Z") throw new Error(`${name} had ended already`);
}

/** @throws Error if the process was not replaced */
export function mustBeAnother(name: string, before: number, after: number): void {
  if (before === after) throw new Error(`${name} is process ${before} as before: not killed`);
}

/** Resolves when a killed process has ended. */
export async function untilGone(name: string, pid: number): Promise<void> {
  const isGone = () => [undefined, "Z"].includes(stateOf(pid)) || undefined;
  await until(`${name}, process ${pid}, to be gone`, isGone);
}

/**
 * Stops a process by SIGSTOP for a while, and until `meanwhile` has ended.
 * @throws Error if it did not stay stopped
 */
export async function holdStill(
  name: string,
  pid: number,
  forMs: number,
  meanwhile?: () => Promise<void>,
): Promise<void> {
  mustRun(name, pid);
  process.kill(pid, "SIGSTOP");
  try {
    const isStill = () => stateOf(pid) === "T";
    await until(`${name} to stop`, () => isStill() || undefined);
    await Promise.all([sleep(forMs), meanwhile?.()]);
    if (!isStill()) throw new Error(`${name} did not stay stopped`);
  } finally {
    process.kill(pid, "SIGCONT");
  }
}

/** The state character in /proc, or undefined if there is no such process. */
function stateOf(pid: number): string | undefined {
  try {
    // The name before it is in parentheses and may contain anything.
    return /\) (\w)/.exec(readFileSync(`/proc/${pid}/stat`, "utf8"))?.[1];
  } catch {
    return undefined;
  }
}
