// The embedded store, used if no Redis is configured: a redis-server of this service on a unix socket in the data folder.
// There is one per data folder. It is supervised, and runs on when this process is killed.

import { dirname, join, resolve } from "node:path";
import { privateFolder } from "./data-folder.ts";
import { type DataLock, lockDataFolder } from "./data-lock.ts";
import { DiskWatch, type DiskWatchOptions, diskSpace } from "./disk-watch.ts";
import type { EmbeddedLog } from "./embedded-log.ts";
import { explainExit, explainFailure, startFailure } from "./explanation.ts";
import { FileRewrite } from "./file-rewrite.ts";
import { launchOrTakeOver } from "./launch.ts";
import { defaultMaxMemoryBytes } from "./memory-limit.ts";
import { untilListening } from "./readiness.ts";
import { redisUser } from "./redis-user.ts";
import type { ServerSettings } from "./server-arguments.ts";
import { removeServerLock } from "./server-lock.ts";
import { removeServerRecord } from "./server-record.ts";
import { socketFolder } from "./socket-folder.ts";
import { Supervisor, type UnexpectedExit } from "./supervisor.ts";
import { systemAdvice } from "./system-advice.ts";

export interface EmbeddedOptions {
  /** Created if absent; other users lose their access. */
  readonly dataDir: string;
  /** The redis-server binary, 7.0 or newer. */
  readonly serverPath: string;
  /** Default: half of the cgroup's or the machine's memory. */
  readonly maxMemoryBytes?: number;
  /** Less free space is low. Default: see DiskWatchOptions. */
  readonly diskLowBytes?: number;
  readonly log: EmbeddedLog;
}

export interface EmbeddedRedis {
  readonly socketPath: string;
  readonly maxMemoryBytes: number;
  /** Undefined between an unexpected end and the restart. */
  readonly pid: number | undefined;
  /** Whether it was running already, started by a process that was killed. */
  readonly takenOver: boolean;
  /**
   * Resolves when all data is loaded and commands run. Loading has no deadline. Rejects, with advice, if Redis refuses to
   * start on this data; call `stop` then.
   */
  readonly ready: Promise<void>;
  /** Why it could not be started, or ended by itself, and what to do; without paths. Undefined: no such problem. */
  readonly problem: string | undefined;
  /** Whether the disk is so full that sends must be refused. Checked every 2 s. */
  diskIsLow(): boolean;
  /** Removes what was deleted from the append-only file too, within about a minute. */
  forgetDeleted(): void;
  /** Called each time the server ended without `stop`, or could not be started; the next try is after `restartInMs`. */
  onUnexpectedExit(listener: (exit: UnexpectedExit) => void): void;
  /** Ends the server, frees the data folder. May be called more than once. */
  stop(): Promise<void>;
}

/**
 * Resolves when the socket accepts connections; commands may get LOADING until `ready`. Rejects, with advice, if that is
 * not possible; no redis-server runs then.
 */
export async function startEmbeddedRedis(options: EmbeddedOptions): Promise<EmbeddedRedis> {
  try {
    return await startInFolder(options);
  } catch (error) {
    if (systemAdvice(error, options.dataDir) === undefined) throw error;
    throw new Error(startFailure(error, resolve(options.dataDir)), { cause: error });
  }
}

async function startInFolder(options: EmbeddedOptions): Promise<EmbeddedRedis> {
  const dataDir = await privateFolder(options.dataDir, options.log);
  const socketDir = await socketFolder(dataDir);
  const lock = await lockDataFolder(dataDir, socketDir);
  try {
    const settings: ServerSettings = {
      dataDir,
      socketPath: join(socketDir, "redis.sock"),
      maxMemoryBytes: options.maxMemoryBytes ?? defaultMaxMemoryBytes(),
    };
    return await startLocked(options, settings, lock);
  } catch (error) {
    await lock.release();
    throw error;
  }
}

async function startLocked(
  options: EmbeddedOptions,
  settings: ServerSettings,
  lock: DataLock,
): Promise<EmbeddedRedis> {
  const { dataDir, socketPath, maxMemoryBytes } = settings;
  const { log, serverPath } = options;
  // Another folder of sockets belongs to this process alone.
  const ownSocket = dirname(socketPath) === dataDir;
  const user = ownSocket ? redisUser(dataDir, serverPath) : undefined;
  if (user !== undefined)
    log.info({ ...user, dataDir }, "Redis runs as the owner of the data folder");
  const launch = () => launchOrTakeOver({ serverPath, settings, user, log });
  const supervisor = new Supervisor({
    socketPath,
    launch,
    log,
    explain: (exit, restarts) => explainExit(exit, restarts, dataDir),
    explainFailure: (error) => explainFailure(error, dataDir),
  });
  const first = await launch();
  supervisor.start(first);
  const readSpace = () => diskSpace(dataDir);
  const rewrite = new FileRewrite({ socketPath, readSpace, log });
  const disk = watchDisk(options, { dataDir, readSpace, onCheck: (low) => void rewrite.look(low) });

  let stopped: Promise<void> | undefined;
  const stop = async () => {
    disk.stop();
    rewrite.stop();
    await supervisor.stop();
    removeServerRecord(dataDir);
    await removeServerLock(dirname(socketPath));
    await lock.release();
  };

  try {
    await disk.start();
    await listening(socketPath, supervisor);
  } catch (error) {
    stopped = stop();
    await stopped;
    throw error;
  }
  return {
    socketPath,
    maxMemoryBytes,
    get pid() {
      return supervisor.pid;
    },
    get problem() {
      return supervisor.problem;
    },
    takenOver: first.takenOver,
    ready: supervisor.ready,
    diskIsLow: () => disk.isLow,
    forgetDeleted: () => rewrite.request(),
    onUnexpectedExit: (listener) => supervisor.onUnexpectedExit(listener),
    stop: () => {
      stopped ??= stop();
      return stopped;
    },
  };
}

/** Ready or listening, whichever is first: a server that refuses to start may never listen. */
async function listening(socketPath: string, supervisor: Supervisor): Promise<void> {
  const enough = new AbortController();
  const accepted = untilListening(socketPath, enough.signal);
  accepted.catch(() => {}); // aborted below
  try {
    await Promise.race([accepted, supervisor.ready]);
  } finally {
    enough.abort();
  }
}

function watchDisk(
  options: EmbeddedOptions,
  { dataDir, ...parts }: Pick<DiskWatchOptions, "readSpace" | "onCheck"> & { dataDir: string },
): DiskWatch {
  return new DiskWatch({
    ...parts,
    ...(options.diskLowBytes === undefined ? {} : { lowBytes: options.diskLowBytes }),
    onChange: (low, space) => {
      const facts = { dataDir, ...space };
      if (low) options.log.warn(facts, "disk space is low: sends are refused until some is freed");
      else options.log.info(facts, "disk space is sufficient again");
    },
  });
}
