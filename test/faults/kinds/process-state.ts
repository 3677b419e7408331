import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { until } from "../../support/until.ts";

/** @throws Error if no such process runs: there is nothing to kill */
export function mustRun(name: string, pid: number): void {
  const state = stateOf(pid);
  if (state === undefined || state === "Z") throw new Error(`${name} had ended already`);
}

/** @throws Error if the kill did not lead to another process */
export function mustBeAnother(name: string, before: number, after: number): void {
  if (before === after) throw new Error(`${name} is process ${before} as before: not killed`);
}

/** Resolves when a process that was killed is gone. */
export async function untilGone(name: string, pid: number): Promise<void> {
  const isGone = () => [undefined, "Z"].includes(stateOf(pid)) || undefined;
  await until(`${name}, process ${pid}, to be gone`, isGone);
}

/**
 * Holds a process by SIGSTOP, and sees that it stands still from the beginning to the end.
 * @throws Error if it does not
 */
export async function holdStill(name: string, pid: number, forMs: number): Promise<void> {
  mustRun(name, pid);
  process.kill(pid, "SIGSTOP");
  try {
    const isStill = () => stateOf(pid) === "T";
    await until(`${name} to stand still`, () => isStill() || undefined);
    await sleep(forMs);
    if (!isStill()) throw new Error(`${name} did not stand still all the time`);
  } finally {
    process.kill(pid, "SIGCONT");
  }
}

/** One message, as /proc tells it; undefined: there is no such process. */
function stateOf(pid: number): string | undefined {
  try {
    // The name before it is in parentheses and may contain anything.
    return /\) (\w)/.exec(readFileSync(`/proc/${pid}/stat`, "utf8"))?.[1];
  } catch {
    return undefined;
  }
}
