// The log file of the embedded redis-server. Redis writes the file itself: a pipe would have no reader once
// this process is killed.

import { closeSync, constants, fstatSync, openSync, readSync, renameSync, statSync } from "node:fs";
import { join } from "node:path";

const { O_APPEND, O_CREAT, O_WRONLY, O_NOFOLLOW } = constants;

/** Above this size the file becomes `redis.log.1` at the next start, in place of the one before. */
const ROTATE_BYTES = 8 * 2 ** 20;

const TAIL_BYTES = 4_096;
const TAIL_LINES = 8;

export interface ServerLog {
  readonly path: string;
  /** For stdout and stderr of the child; close it once the child runs. */
  readonly fd: number;
  close(): void;
  /** The last lines written since this log was opened, oldest first. */
  tail(): string[];
}

export function openServerLog(dataDir: string, rotateBytes: number = ROTATE_BYTES): ServerLog {
  const path = logPath(dataDir);
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (size > rotateBytes) renameSync(path, `${path}.1`);
  // Not through a link: the folder may belong to another user than this process.
  const fd = openSync(path, O_APPEND | O_CREAT | O_WRONLY | O_NOFOLLOW, 0o600);
  const startBytes = fstatSync(fd).size;
  return {
    path,
    fd,
    close: () => closeSync(fd),
    tail: () => readTail(path, startBytes),
  };
}

/** The last lines, also of a server that another process started. */
export function lastLogLines(dataDir: string): string[] {
  return readTail(logPath(dataDir), 0);
}

function logPath(dataDir: string): string {
  return join(dataDir, "redis.log");
}

function readTail(path: string, startBytes: number): string[] {
  let fd: number;
  try {
    fd = openSync(path, "r");
  } catch {
    return []; // the file was removed
  }
  try {
    const { size } = fstatSync(fd);
    const from = Math.max(startBytes, size - TAIL_BYTES);
    const bytes = Buffer.alloc(Math.max(0, size - from));
    readSync(fd, bytes, 0, bytes.length, from);
    const lines = bytes.toString("utf8").split("\n");
    return lines.filter((line) => line.trim() !== "").slice(-TAIL_LINES);
  } finally {
    closeSync(fd);
  }
}
