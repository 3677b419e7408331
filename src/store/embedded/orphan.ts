// After a kill -9 of the service its redis-server runs on. The next start finds it: one that answers is taken over, with
// all that it has in memory; one that does not answer is stopped before a second server opens the same files. Call this
// only while holding the lock of the data folder.

import type { EmbeddedLog } from "./embedded-log.ts";
import { identify, isRunning, type ProcessIdentity, terminate } from "./process-identity.ts";
import { ask } from "./reply.ts";
import { readServerRecord, type ServerRecord } from "./server-record.ts";

export interface OrphanSearch {
  readonly dataDir: string;
  readonly socketPath: string;
  readonly log: EmbeddedLog;
  /** How long a server may take to answer. Long: while it loads, it answers between chunks only. */
  readonly answerTimeoutMs?: number;
  /** Between SIGTERM and SIGKILL. */
  readonly graceMs?: number;
}

/** Returns the server to take over; undefined: none is running any more. */
export async function settleOrphan(search: OrphanSearch): Promise<ProcessIdentity | undefined> {
  const { dataDir, socketPath, log, answerTimeoutMs = 10_000, graceMs = 10_000 } = search;
  const recorded = readServerRecord(dataDir);
  const answering = await identifyServer(socketPath, answerTimeoutMs);
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

interface AnsweringServer {
  readonly dir: string;
  readonly pid: number;
}

/** Redis answers both commands while data is loading. Undefined: no answer. */
async function identifyServer(
  socketPath: string,
  timeoutMs: number,
): Promise<AnsweringServer | undefined> {
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
    "is not where this run would look. Set TMPDIR to its value in that run, or stop that process."
  );
}

function unknownServerMessage(dataDir: string, socketPath: string, found: AnsweringServer): string {
  return (
    `A redis-server that this service did not start, or whose process it cannot see (pid ${found.pid} ` +
    `as it reports, folder ${found.dir}), answers at ${socketPath}. Stop it, or use a data folder ` +
    `other than ${dataDir}.`
  );
}
