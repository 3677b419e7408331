// Which process this is, so that others can tell whether it still runs.

import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";

/** What the Owner of a spool file says of its process. */
export interface ProcessIdentity {
  readonly host: string;
  /** Empty where it can't be read. */
  readonly bootId: string;
  readonly pidNamespace: string;
  readonly pid: bigint;
  /** In the unit of the platform; 0 where it can't be read. */
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

/** Whether process ids of the other one mean the same processes here. */
export function canCompare(one: ProcessIdentity, other: ProcessIdentity): boolean {
  return (
    one.bootId !== "" &&
    one.host === other.host &&
    one.bootId === other.bootId &&
    one.pidNamespace === other.pidNamespace
  );
}

/** @param processStart 0: whichever process has that id */
export function isRunning(pid: bigint, processStart: bigint): boolean {
  const start = startOf(Number(pid));
  return start !== undefined && (processStart === 0n || start === processStart);
}

/** In clock ticks since the machine's start; undefined where there is no such process. */
function startOf(pid: number): bigint | undefined {
  const stat = orEmpty(() => readFileSync(`/proc/${pid}/stat`, "latin1"));
  // The second field is the program's name, in which anything may stand.
  const [state = "Z", ...fields] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  // A zombie is dead, and only not yet buried.
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
