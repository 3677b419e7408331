// When a rewrite of the append-only file is worth it, and whether the disk has room for the new file beside the old one.

const MIB = 2 ** 20;

/** What a start replays command by command is bounded by this growth; a smaller file is not worth a rewrite. */
const GROWTH_FACTOR = 1.5;
const GROWN_BYTES = 64 * MIB;

/** For what is written during the rewrite. */
const FIT_FACTOR = 1.1;
const FIT_BYTES = MIB;

const MIN_GAIN_BYTES = MIB;

export interface FileSizes {
  /** The append-only file. */
  readonly fileBytes: number;
  /** The same after the last rewrite or at the start of Redis. */
  readonly baseBytes: number;
  /** The memory of the data without Redis' own. */
  readonly dataBytes: number;
}

/** Reports whether the file has grown by half, and has 64 MiB. */
export function hasGrown({ fileBytes, baseBytes }: FileSizes): boolean {
  return fileBytes >= Math.max(GROWN_BYTES, baseBytes * GROWTH_FACTOR);
}

/** Reports whether the new file surely fits. It has the data once: no more than their memory, and no more than the old file. */
export function fits({ fileBytes, dataBytes }: FileSizes, freeBytes: number): boolean {
  return Math.min(fileBytes, dataBytes) * FIT_FACTOR + FIT_BYTES <= freeBytes;
}

/** Reports whether a rewrite fits, and surely frees half of the file and 1 MiB. */
export function isWorthRewriting(sizes: FileSizes, freeBytes: number): boolean {
  const gain = sizes.fileBytes - sizes.dataBytes;
  return gain >= Math.max(sizes.dataBytes, MIN_GAIN_BYTES) && fits(sizes, freeBytes);
}
