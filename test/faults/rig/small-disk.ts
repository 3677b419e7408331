import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, statfsSync, statSync, truncateSync, writeFileSync } from "node:fs";

/** A folder on a disk of its own, if this user may mount one. */
export interface SmallDisk {
  readonly path: string;
  /** False: it is a plain folder, on a disk that others use too and nobody should fill. */
  readonly isSmall: boolean;
  remove(): void;
}

export function makeSmallDisk(mib: number): SmallDisk {
  const path = mkdtempSync("/tmp/dlq-disk-"); // short: the path of a unix socket is in it
  const isSmall = succeeds("mount", ["-t", "tmpfs", "-o", `size=${mib}m`, "dlq-faults", path]);
  const remove = () => {
    if (isSmall) succeeds("umount", ["-l", path]);
    rmSync(path, { recursive: true, force: true });
  };
  process.once("exit", remove);
  return {
    path,
    isSmall,
    remove() {
      process.off("exit", remove);
      remove();
    },
  };
}

const MIB = 1024 ** 2;
/** Small enough that others write little of the disk meanwhile, and none finds it full. */
const STEP_BYTES = 64 * MIB;

/**
 * Has a file take all of a disk but about so much, whatever others write and delete meanwhile:
 * called again, the file grows or gives room back.
 */
export function leaveFree(file: string, bytes: number): void {
  writeFileSync(file, "", { flag: "a" });
  for (;;) {
    const { size } = statSync(file);
    const excess = freeBytesBeside(file) - bytes;
    if (excess <= 0) {
      truncateSync(file, Math.max(0, size + excess));
      return;
    }
    const step = Math.min(excess, STEP_BYTES);
    if (!succeeds("fallocate", ["--offset", `${size}`, "--length", `${step}`, file])) return;
    if (step < STEP_BYTES) return;
  }
}

function freeBytesBeside(file: string): number {
  const { bavail, bsize } = statfsSync(file);
  return bavail * bsize;
}

let isAllowed: boolean | undefined;

/** Whether this user may mount a small disk: root may, outside of most containers. */
export function maySmallDisk(): boolean {
  if (isAllowed === undefined) {
    const disk = makeSmallDisk(1);
    isAllowed = disk.isSmall;
    disk.remove();
  }
  return isAllowed;
}

function succeeds(command: string, args: readonly string[]): boolean {
  try {
    execFileSync(command, args, { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
