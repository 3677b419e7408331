// CPU time and memory of processes, from /proc. Linux only.

import { readdirSync, readFileSync } from "node:fs";

/** The role of a process. */
export type Role = "server" | "redis" | "load";

/** Linux reports CPU time to user programs in 100 ticks a second on every platform. */
const TICK_MS = 10;

export interface Usage {
  /** Milliseconds of CPU time. */
  readonly cpuMs: number;
  readonly rssBytes: number;
}

export type Usages = { [R in Role]?: Usage };

interface Stat {
  readonly parent: number;
  readonly cpuMs: number;
  readonly rssBytes: number;
}

const PAGE_BYTES = 4_096;

/**
 * Returns CPU and memory by role, each process with its children, also ended ones. A child with its own role does not
 * count for its parent.
 */
export function usageOf(pids: Partial<Record<Role, readonly number[]>>): Usages {
  const stats = allStats();
  const owner = new Map<number, Role>();
  for (const [role, own = []] of Object.entries(pids)) {
    for (const pid of own) owner.set(pid, role as Role);
  }
  const roleOf = (pid: number): Role | undefined => {
    for (let at: number | undefined = pid; at !== undefined && at > 1; at = stats.get(at)?.parent) {
      const role = owner.get(at);
      if (role !== undefined) return role;
    }
    return undefined;
  };
  const usages: Usages = {};
  for (const [pid, stat] of stats) {
    const role = roleOf(pid);
    if (role === undefined) continue;
    const { cpuMs = 0, rssBytes = 0 } = usages[role] ?? {};
    usages[role] = { cpuMs: cpuMs + stat.cpuMs, rssBytes: rssBytes + stat.rssBytes };
  }
  return usages;
}

/** CPU of ended children of this process, such as ghz. */
export function endedChildrenCpuMs(): number {
  const fields = statFields(process.pid) ?? [];
  return (Number(fields[13]) + Number(fields[14])) * TICK_MS;
}

/** CPU time of the whole machine. */
export function machineCpuMs(): number {
  const [line = ""] = readFileSync("/proc/stat", "latin1").split("\n");
  const [user, nice, system, , , interrupts, softInterrupts] = line
    .split(/ +/)
    .slice(1)
    .map(Number);
  const parts = [user, nice, system, interrupts, softInterrupts];
  return parts.reduce<number>((sum, ticks) => sum + (ticks ?? 0), 0) * TICK_MS;
}

/** Processes whose parent is `pid`. */
export function childrenOf(pid: number): number[] {
  return [...allStats()].flatMap(([child, { parent }]) => (parent === pid ? [child] : []));
}

function allStats(): Map<number, Stat> {
  const stats = new Map<number, Stat>();
  for (const name of readdirSync("/proc")) {
    const pid = Number(name);
    if (!Number.isInteger(pid)) continue;
    const fields = statFields(pid);
    if (fields === undefined) continue;
    const ticks = [11, 12, 13, 14].reduce((sum, at) => sum + Number(fields[at]), 0);
    stats.set(pid, {
      parent: Number(fields[1]),
      cpuMs: ticks * TICK_MS,
      rssBytes: Number(fields[21]) * PAGE_BYTES,
    });
  }
  return stats;
}

/** Returns the fields from the third, `state`, because the name before it may contain blanks. */
function statFields(pid: number): string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "latin1");
    return text.slice(text.lastIndexOf(")") + 2).split(" ");
  } catch {
    return undefined; // it has ended
  }
}
