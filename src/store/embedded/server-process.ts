// A running redis-server, whether this process started it or found it running.

import { type ChildProcess, spawn } from "node:child_process";
import { fchownSync } from "node:fs";
import { connect } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { identify, isRunning, type ProcessIdentity } from "./process-identity.ts";
import type { RedisUser } from "./redis-user.ts";
import { type ServerSettings, serverArguments } from "./server-arguments.ts";
import { lastLogLines, openServerLog } from "./server-log.ts";

export interface ServerExit {
  /** The exit code; null if a signal ended it, or if it is unknown. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The last lines of its log, oldest first. */
  readonly lastLines: readonly string[];
}

export interface ServerProcess {
  readonly identity: ProcessIdentity;
  readonly takenOver: boolean;
  /** Never rejects. */
  readonly exited: Promise<ServerExit>;
}

/** The program is absent or can't be run. Others, such as EMFILE, say nothing about it. */
const PROGRAM_ERRORS: ReadonlySet<string> = new Set(["ENOENT", "EACCES", "ENOEXEC", "ENOTDIR"]);

export interface LaunchOptions {
  readonly user?: RedisUser | undefined;
  /** A file descriptor that it inherits and never uses. */
  readonly lockFd?: number;
}

/** Rejects if no server runs: one that was started and can't be identified is killed before. */
export async function launchServer(
  serverPath: string,
  settings: ServerSettings,
  { user, lockFd }: LaunchOptions = {},
): Promise<ServerProcess> {
  const log = openServerLog(settings.dataDir);
  let child: ChildProcess;
  // Its files hold payloads. A child inherits the mask; this call returns after it has started.
  const mask = process.umask(0o077);
  try {
    if (user !== undefined) fchownSync(log.fd, user.uid, user.gid);
    child = spawn(serverPath, serverArguments(settings), {
      cwd: settings.dataDir,
      ...user,
      // A process group of its own: Ctrl-C in the terminal must not end the store before the
      // service has drained.
      detached: true,
      stdio: ["ignore", log.fd, log.fd, ...(lockFd === undefined ? [] : [lockFd])],
      // Redis needs no settings from the environment, which may hold secrets of the service.
      env: { PATH: process.env.PATH, TZ: process.env.TZ, LC_ALL: "C" },
    });
  } finally {
    process.umask(mask);
    log.close();
  }
  const { pid } = child;
  if (pid === undefined) throw await failureOf(child, serverPath);
  const exited = new Promise<ServerExit>((resolve) => {
    child.once("exit", (code, signal) => {
      endChildren(pid);
      resolve({ code, signal, lastLines: log.tail() });
    });
  });
  try {
    // A child that has ended already is a zombie, which has no identity: it gets a start time that no process has.
    return { identity: identify(pid) ?? { pid, startedAt: "ended" }, takenOver: false, exited };
  } catch (error) {
    child.kill("SIGKILL");
    await exited;
    throw error;
  }
}

async function failureOf(child: ChildProcess, serverPath: string): Promise<Error> {
  const error = await new Promise<NodeJS.ErrnoException>((resolve) => child.once("error", resolve));
  if (!PROGRAM_ERRORS.has(error.code ?? "")) return error;
  return new Error(
    `Cannot run redis-server at ${serverPath} (${error.code}). ` +
      "Install Redis 7.0 or newer and name its server with --redis-server (on Debian the package " +
      "redis-tools has it as /usr/bin/redis-check-rdb: make a link named redis-server to it), or use " +
      "a running Redis with --redis-url.",
  );
}

/** Takes over a server that another process started. Its end is detected by the end of a connection. */
export function takeOverServer(identity: ProcessIdentity, settings: ServerSettings): ServerProcess {
  const { dataDir, socketPath } = settings;
  const watch = async (): Promise<ServerExit> => {
    while (isRunning(identity)) {
      await connectionEnd(socketPath);
      // The connection closes a moment before the process ends; or all clients were disconnected.
      if (isRunning(identity)) await delay(50, undefined, { ref: false });
    }
    endChildren(identity.pid);
    return { code: null, signal: null, lastLines: lastLogLines(dataDir) };
  };
  return { identity, takenOver: true, exited: watch() };
}

/** A child that rewrites the append-only file may outlive it by many seconds. It is in the process group of its own. */
function endChildren(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // There is none.
  }
}

/** Holds a silent connection for as long as the server lets it. */
function connectionEnd(socketPath: string): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(socketPath);
    socket.unref();
    socket.resume();
    socket.on("error", () => {}); // `close` follows
    socket.on("close", () => resolve());
  });
}
