// The embedded store, used if no Redis is configured: a redis-server of this service on a unix socket in the data folder.
// There is one per data folder. It is supervised, and runs on when this process is killed.

import { dirname, join } from "node:path";
import { privateFolder } from "./data-folder.ts";
import { type DataLock, lockDataFolder } from "./data-lock.ts";
import { DiskWatch, diskSpace } from "./disk-watch.ts";
import type { EmbeddedLog } from "./embedded-log.ts";
import { failureHint } from "./failure-hint.ts";
import { FileRewrite } from "./file-rewrite.ts";
import { defaultMaxMemoryBytes } from "./memory-limit.ts";
import { removeServerRecord, settleOrphan, writeServerRecord } from "./orphan.ts";
import { untilListening } from "./readiness.ts";
import { redisUser } from "./redis-user.ts";
import { ask } from "./reply.ts";
import { liveSettings, type ServerSettings } from "./server-arguments.ts";
import {
  launchServer,
  type ServerExit,
  type ServerProcess,
  takeOverServer,
} from "./server-process.ts";
import { socketFolder } from "./socket-folder.ts";
import { Supervisor, type UnexpectedExit } from "./supervisor.ts";

export interface EmbeddedOptions {
  /** Created if absent; other users lose their access. */
  readonly dataDir: string;
  /** The redis-server binary, 7.0 or newer. */
  readonly serverPath: string;
  /** Default: half of the cgroup's or the machine's memory. */
  readonly maxMemoryBytes?: number;
  /** Less free space than this is low. Default: 512 MiB, or 5 % of a smaller disk. */
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
  /** Whether the disk is so full that sends must be refused. Checked every 2 s. */
  diskIsLow(): boolean;
  /** Removes what was deleted from the append-only file too, within about a minute. */
  forgetDeleted(): void;
  /** Called each time the server ended without `stop`; it is started again after `restartInMs`. */
  onUnexpectedExit(listener: (exit: UnexpectedExit) => void): void;
  /** Ends the server, frees the data folder. May be called more than once. */
  stop(): Promise<void>;
}

/** Resolves when the socket accepts connections; commands may get LOADING until `ready`. */
export async function startEmbeddedRedis(options: EmbeddedOptions): Promise<EmbeddedRedis> {
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
  const launch = async (): Promise<ServerProcess> => {
    const server = await launchServer(serverPath, settings, user);
    // At once: if this process is killed now, the next start must find this server.
    writeServerRecord(dataDir, { ...server.identity, socketPath });
    return server;
  };
  const supervisor = new Supervisor({
    socketPath,
    launch,
    log,
    explain: (exit, restarts) => explain(exit, restarts, dataDir),
  });
  const orphan = await settleOrphan({ dataDir, socketPath, log });
  const first = orphan === undefined ? await launch() : takeOverServer(orphan, settings);
  supervisor.start(first);
  const disk = watchDisk(options, dataDir);
  const rewrite = new FileRewrite({ socketPath, log });

  let stopped: Promise<void> | undefined;
  const stop = async () => {
    disk.stop();
    rewrite.stop();
    await supervisor.stop();
    removeServerRecord(dataDir);
    await lock.release();
  };

  try {
    await disk.start();
    if (first.takenOver) {
      await applySettings(settings);
      writeServerRecord(dataDir, { ...first.identity, socketPath });
    }
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

function watchDisk(options: EmbeddedOptions, dataDir: string): DiskWatch {
  return new DiskWatch({
    ...(options.diskLowBytes === undefined ? {} : { lowBytes: options.diskLowBytes }),
    readSpace: () => diskSpace(dataDir),
    onChange: (low, space) => {
      const facts = { dataDir, ...space };
      if (low) options.log.warn(facts, "disk space is low: sends are refused until some is freed");
      else options.log.info(facts, "disk space is sufficient again");
    },
  });
}

/** One command for all settings: they are applied together or not at all. */
async function applySettings(settings: ServerSettings): Promise<void> {
  const pairs = Object.entries(liveSettings(settings)).flat();
  await ask(settings.socketPath, ["CONFIG", "SET", ...pairs], 10_000);
}

function explain(exit: ServerExit, restarts: boolean, dataDir: string): string {
  const how = exit.signal ?? (exit.code === null ? "an unknown cause" : `code ${exit.code}`);
  const words = [
    `redis-server ended unexpectedly (${how})${restarts ? " and is started again" : ""}.`,
  ];
  const hint = failureHint(exit, dataDir);
  if (hint !== undefined) words.push(hint);
  // It writes nothing at this signal: its last lines would mislead.
  if (exit.lastLines.length > 0 && exit.signal !== "SIGKILL") {
    words.push(`Its last lines, from ${join(dataDir, "redis.log")}:\n${exit.lastLines.join("\n")}`);
  }
  return words.join(" ");
}
