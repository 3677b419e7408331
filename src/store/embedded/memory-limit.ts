import { totalmem } from "node:os";

/** Leaves half for Node, the system, and the copy that a rewrite of the append-only file may need. */
const SHARE = 0.5;

/** `maxmemory` when none is given: half of what this container or machine has. */
export function defaultMaxMemoryBytes(
  machineBytes: number = totalmem(),
  /** The cgroup's limit; 0 or something huge when there is none. */
  constrainedBytes: number = process.constrainedMemory(),
): number {
  const available = constrainedBytes > 0 ? Math.min(machineBytes, constrainedBytes) : machineBytes;
  return Math.floor(available * SHARE);
}
