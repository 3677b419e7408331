import { rmSync, statfsSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import { leaveFree, makeSmallDisk, maySmallDisk, type SmallDisk } from "./small-disk.ts";

const MIB = 1024 ** 2;
const PAGE_BYTES = 4096;

let disk: SmallDisk | undefined;
afterEach(() => disk?.remove());

function freeMib(path: string): number {
  const { bavail, bsize } = statfsSync(path);
  return (bavail * bsize) / MIB;
}

it.runIf(maySmallDisk())("keeps a disk nearly full while other processes write and delete", () => {
  disk = makeSmallDisk(200);
  const filler = join(disk.path, "filler");
  const other = join(disk.path, "other");
  leaveFree(filler, 32 * MIB);
  expect(freeMib(disk.path)).toBeCloseTo(32, 0);

  writeFileSync(other, Buffer.alloc(20 * MIB));
  expect(freeMib(disk.path)).toBeCloseTo(12, 0);
  leaveFree(filler, 32 * MIB);
  expect(freeMib(disk.path)).toBeCloseTo(32, 0);

  rmSync(other);
  leaveFree(filler, 32 * MIB);
  expect(freeMib(disk.path)).toBeCloseTo(32, 0);
});

it.runIf(maySmallDisk())("frees all space if other processes need more than there is", () => {
  disk = makeSmallDisk(64);
  const filler = join(disk.path, "filler");
  leaveFree(filler, 32 * MIB);
  rmSync(filler);
  writeFileSync(join(disk.path, "other"), Buffer.alloc(64 * MIB - 2 * PAGE_BYTES));
  leaveFree(filler, 32 * MIB);
  expect(statSync(filler).size).toBe(0);
});
