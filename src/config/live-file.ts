import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readFileSync,
  type Stats,
  statSync,
} from "node:fs";
import { open } from "node:fs/promises";

// Files that are read again while the server runs: tokens, certificates, keys.

/** A certificate chain has a few KiB, a thousand tokens have 100. */
const MAX_BYTES = 1024 * 1024;

/** Without O_NONBLOCK, opening a pipe would wait for its writer. */
const FLAGS = constants.O_RDONLY | constants.O_NONBLOCK;

/** Everybody, besides the owner and the group. Windows has no such modes. */
const OTHERS_WRITE = 0o002;
const OTHERS_READ = 0o004;

/**
 * Reads a file of up to 1 MiB, also through links. Rejects if it is no regular file, such as a pipe
 * or a device, which may have no end, or if every user of the machine may write to it.
 */
export async function readLiveFile(path: string): Promise<Buffer> {
  const file = await open(path, FLAGS);
  try {
    check(await file.stat());
    return await file.readFile();
  } finally {
    await file.close();
  }
}

/** The same for the start, when nothing else waits. */
export function readLiveFileSync(path: string): Buffer {
  const file = openSync(path, FLAGS);
  try {
    check(fstatSync(file));
    return readFileSync(file);
  } finally {
    closeSync(file);
  }
}

/** Reports whether every user of the machine can read a file. False if that is unknown. */
export function isPublic(path: string): boolean {
  const mode = statSync(path, { throwIfNoEntry: false })?.mode ?? 0;
  return process.getuid !== undefined && (mode & OTHERS_READ) !== 0;
}

function check(stats: Stats): void {
  if (!stats.isFile()) throw new Error("it is not a regular file");
  if (stats.size > MAX_BYTES) throw new Error(`it is larger than ${MAX_BYTES} bytes`);
  // A group may write: in a container its platform decides about it.
  if (process.getuid !== undefined && (stats.mode & OTHERS_WRITE) !== 0) {
    throw new Error("every user of the machine can write to it; run chmod o-w on it");
  }
}
