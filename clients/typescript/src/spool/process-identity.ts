// Identifies this process, so that other processes can find out whether it still runs.

import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";

/** The fields of an Owner record that identify its process. */
export interface ProcessIdentity {
  readonly host: string;
  /** Empty if unknown. */
  readonly bootId: string;
  readonly pidNamespace: string;
  readonly pid: bigint;
  /** In a unit of the platform; 0 if unknown. */
  readonly processStart: bigint;
}

export function ownIdentity(): ProcessIdentity {
  const { pid } = process;
  return {
    host: hostname(),
    bootId: orEmpty(() => readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()),
    pidNamespace: orEmpty(() => readlinkSync("/proc/self/ns/pid")),
    pid: BigInt(pid),
    processStart: startOf(pid) ?? 0n,
  };
}

/** Reports whether a process id means the same process for both. */
export function isComparable(one: ProcessIdentity, other: ProcessIdentity): boolean {
  return (
    one.bootId !== "" &&
    one.host === other.host &&
    one.bootId === other.bootId &&
    one.pidNamespace === other.pidNamespace
  );
}

/** @param processStart 0: any process with that id */
export function isRunning(pid: bigint, processStart: bigint): boolean {
  const start = startOf(Number(pid));
  return start !== undefined && (processStart === 0n || start === processStart);
}

/** Returns the start in clock ticks since boot; undefined if there is no such process. */
function startOf(pid: number): bigint | undefined {
  const stat = orEmpty(() => readFileSync(`/proc/${pid}/stat`, "latin1"));
  // The second field, the program's name, may contain spaces and parentheses.
  const [state = "Z", ...fields] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  // Zombies have ended.
  if (stat === "" || state === "Z" || state === "X") return undefined;
  return BigInt(fields[18] ?? 0);
}

function orEmpty(read: () => string): string {
  try {
    return read();
  } catch {
    return "";
  }
}
