import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, statfsSync, statSync, truncateSync, writeFileSync } from "node:fs";

/** A folder on a small disk, if this user may mount one. */
export interface SmallDisk {
  readonly path: string;
  /** False for a plain folder, on a shared disk that must not be filled. */
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
/** Small, so that other processes write little in between and never find the disk full. */
const STEP_BYTES = 64 * MIB;

/**
 * Resizes a file so that about this many bytes of the disk stay free. Call it repeatedly while other processes write and
 * delete.
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

/** Reports whether this user may mount a small disk. Root may, except in most containers. */
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
