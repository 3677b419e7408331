// After a kill -9 of the service its redis-server runs on. The next start finds it: one that answers is taken over, with
// all that it has in memory; one that does not answer is stopped before a second server opens the same files. Call this
// only while holding the lock of the data folder.

import { lstatSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { EmbeddedLog } from "./embedded-log.ts";
import { identify, isRunning, type ProcessIdentity, terminate } from "./process-identity.ts";
import { ask } from "./reply.ts";

export interface OrphanSearch {
  readonly dataDir: string;
  readonly socketPath: string;
  readonly log: EmbeddedLog;
  /** How long a server may take to answer. Long: while it loads, it answers between chunks only. */
  readonly patienceMs?: number;
  /** Between SIGTERM and SIGKILL. */
  readonly graceMs?: number;
}

/** Returns the server to take over; undefined: none is running any more. */
export async function settleOrphan(search: OrphanSearch): Promise<ProcessIdentity | undefined> {
  const { dataDir, socketPath, log, patienceMs = 10_000, graceMs = 10_000 } = search;
  const recorded = readServerRecord(dataDir);
  const answering = await introduce(socketPath, patienceMs);
  if (answering !== undefined) {
    const identity = identify(answering.pid);
    const ours =
      identity !== undefined &&
      answering.dir === dataDir &&
      (recorded === undefined || recorded.startedAt === identity.startedAt);
    if (!ours) throw new Error(unknownServerMessage(dataDir, socketPath, answering));
    log.info({ pid: identity.pid }, "took over the redis-server that an earlier run left behind");
    return identity;
  }
  if (recorded !== undefined && isRunning(recorded)) {
    if (recorded.socketPath !== socketPath) throw new Error(elsewhereMessage(dataDir, recorded));
    log.warn(
      { pid: recorded.pid },
      "stopping a redis-server of an earlier run: it does not answer",
    );
    await terminate(recorded, graceMs);
  }
  return undefined;
}

interface Introduction {
  readonly dir: string;
  readonly pid: number;
}

/** Redis answers both commands while data is loading. Undefined: no answer. */
async function introduce(socketPath: string, timeoutMs: number): Promise<Introduction | undefined> {
  try {
    const config = await ask(socketPath, ["CONFIG", "GET", "dir"], timeoutMs);
    const info = String(await ask(socketPath, ["INFO", "server"], timeoutMs));
    return {
      dir: Array.isArray(config) ? String(config[1]) : "",
      pid: Number(/^process_id:(\d+)/m.exec(info)?.[1]),
    };
  } catch {
    return undefined;
  }
}

/** The runs have different temporary folders, and so different locks: that server may be in use. */
function elsewhereMessage(dataDir: string, { pid, socketPath }: ServerRecord): string {
  return (
    `A redis-server (process ${pid}) uses the data folder ${dataDir} through ${socketPath}, which ` +
    "is not where this run would look. Set TMPDIR as it was set then, or stop that process."
  );
}

function unknownServerMessage(dataDir: string, socketPath: string, found: Introduction): string {
  return (
    `A redis-server that this service did not start, or cannot reach as a process (pid ${found.pid} ` +
    `by its own count, folder ${found.dir}), answers at ${socketPath}. Stop it, or use another ` +
    `data folder than ${dataDir}.`
  );
}

function recordPath(dataDir: string): string {
  return join(dataDir, "redis.json");
}

interface ServerRecord extends ProcessIdentity {
  readonly socketPath: string;
}

/**
 * Written in one step, so that a crash leaves the old record or the new one. Never through a link: the folder may belong to
 * another user than this process.
 */
export function writeServerRecord(dataDir: string, record: ServerRecord): void {
  const draft = `${recordPath(dataDir)}.new`;
  rmSync(draft, { force: true });
  writeFileSync(draft, `${JSON.stringify(record)}\n`, { mode: 0o600, flag: "wx" });
  renameSync(draft, recordPath(dataDir));
}

export function removeServerRecord(dataDir: string): void {
  rmSync(recordPath(dataDir), { force: true });
}

/** Only a record of this user counts: the process that it names may be stopped. */
function readServerRecord(dataDir: string): ServerRecord | undefined {
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
