// Identifies a process by its pid and start time, a pair that is never used twice. Pids are used again, and a supervisor
// must not send a signal to another process.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

export interface ProcessIdentity {
  readonly pid: number;
  /** Opaque; equal only for one and the same process, across reboots too. */
  readonly startedAt: string;
}

/**
 * Undefined when no such process runs. A zombie does not run: it only waits to be reaped. Throws if that can't be seen, as
 * without free file descriptors.
 */
export function identify(pid: number): ProcessIdentity | undefined {
  const startedAt = process.platform === "linux" ? startOnLinux(pid) : startByPs(pid);
  return startedAt === undefined ? undefined : { pid, startedAt };
}

/** A process that can't be seen counts as running. */
export function isRunning(identity: ProcessIdentity): boolean {
  return isSeen(identity) ?? true;
}

function isSeen({ pid, startedAt }: ProcessIdentity): boolean | undefined {
  try {
    return identify(pid)?.startedAt === startedAt;
  } catch {
    return undefined;
  }
}

/** SIGTERM, then SIGKILL after `graceMs`. Resolves when the process is gone. */
export async function terminate(identity: ProcessIdentity, graceMs: number): Promise<void> {
  let sent = send(identity, "SIGTERM");
  const deadlineAtMs = performance.now() + graceMs;
  for (let pauseMs = 5; isRunning(identity); pauseMs = Math.min(pauseMs * 2, 100)) {
    if (performance.now() > deadlineAtMs) send(identity, "SIGKILL");
    else if (!sent) sent = send(identity, "SIGTERM");
    await delay(pauseMs);
  }
}

/** False: the process can't be seen, and its pid may be another's. */
function send(identity: ProcessIdentity, signal: NodeJS.Signals): boolean {
  const seen = isSeen(identity);
  if (seen !== true) return seen === false;
  try {
    process.kill(identity.pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error; // it has ended meanwhile
  }
  return true;
}

function startOnLinux(pid: number): string | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ESRCH") return undefined;
    throw error;
  }
  // The second field is the name in parentheses and may hold anything, so count from its end:
  // field 3 is the state, field 22 the start in clock ticks since boot.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  if (fields[0] === "Z" || fields[0] === "X") return undefined;
  return `${bootId()}:${fields[19]}`;
}

let boot: string | undefined;

/** Ticks since boot may repeat after the next boot. */
function bootId(): string {
  boot ??= readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  return boot;
}

function startByPs(pid: number): string | undefined {
  try {
    const out = execFileSync("ps", ["-o", "stat=", "-o", "lstart=", "-p", String(pid)], {
      encoding: "utf8",
      env: { PATH: process.env.PATH, LC_ALL: "C", TZ: "UTC" },
      stdio: ["ignore", "pipe", "ignore"],
    }).trim();
    const [state = "", ...start] = out.split(/\s+/);
    return out === "" || state.startsWith("Z") ? undefined : start.join(" ");
  } catch (error) {
    if ((error as { status?: unknown }).status === 1) return undefined; // there is no such process
    throw error;
  }
}
