// The file that says which redis-server a data folder has, for the start after a kill -9 of the service.

import {
  closeSync,
  lstatSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import type { ProcessIdentity } from "./process-identity.ts";

export interface ServerRecord extends ProcessIdentity {
  readonly socketPath: string;
}

/** More than a record with the longest path of a socket. */
const RECORD_BYTES = 512;

/** A record whose space on the disk is taken before its content is known. */
export interface PreparedRecord {
  write(record: ServerRecord): void;
  /** Removes the draft if nothing was written. Never throws. */
  close(): void;
}

/**
 * Throws if the folder can't be written: call it before a launch, since a server must not run without its record. Never
 * through a link: the folder may belong to another user than this process.
 */
export function prepareServerRecord(dataDir: string): PreparedRecord {
  const draft = `${recordPath(dataDir)}.new`;
  rmSync(draft, { force: true });
  const fd = openSync(draft, "wx", 0o600);
  const close = () => {
    closeSync(fd);
    remove(draft);
  };
  try {
    writeFileSync(fd, " ".repeat(RECORD_BYTES));
  } catch (error) {
    close();
    throw error;
  }
  return {
    // In one step, so that a crash leaves the old record or the new one.
    write(record) {
      writeSync(fd, `${JSON.stringify(record)}\n`, 0);
      renameSync(draft, recordPath(dataDir));
    },
    close,
  };
}

export function writeServerRecord(dataDir: string, record: ServerRecord): void {
  const prepared = prepareServerRecord(dataDir);
  try {
    prepared.write(record);
  } finally {
    prepared.close();
  }
}

/** Removes the record if that is possible. One that stays names a process that has ended. */
export function removeServerRecord(dataDir: string): void {
  remove(recordPath(dataDir));
}

function remove(file: string): void {
  try {
    rmSync(file, { force: true });
  } catch {
    // The disk is read-only, or this is a folder.
  }
}

/** Only a record of this user counts: the process that it names may be stopped. */
export function readServerRecord(dataDir: string): ServerRecord | undefined {
  try {
    const { uid } = lstatSync(recordPath(dataDir));
    if (process.getuid !== undefined && uid !== process.getuid()) return undefined;
    const found: unknown = JSON.parse(readFileSync(recordPath(dataDir), "utf8"));
    return isRecord(found) ? found : undefined;
  } catch {
    return undefined; // no record, or another file of this name
  }
}

function isRecord(value: unknown): value is ServerRecord {
  if (typeof value !== "object" || value === null) return false;
  const { pid, startedAt, socketPath } = value as Partial<Record<keyof ServerRecord, unknown>>;
  return [typeof pid, typeof startedAt, typeof socketPath].join() === "number,string,string";
}

function recordPath(dataDir: string): string {
  return join(dataDir, "redis.json");
}
