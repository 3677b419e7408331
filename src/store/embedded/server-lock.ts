// Proves that no redis-server works on a data folder, also none that was never recorded. (Node has no flock.) Each
// redis-server inherits a unix socket that listens in the folder. The kernel refuses connections to it only when the last
// process that has it is gone, so nothing has to be written or cleaned up. Call this only while holding the lock of the
// data folder.

import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { chmod, rename, rm } from "node:fs/promises";
import { connect, createServer, type Server } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

export interface ServerLock {
  /** A file descriptor for the redis-server to inherit. */
  readonly fd: number;
  /** Closes it here; the redis-server holds the lock from then on. */
  close(): Promise<void>;
}

/** A child that rewrites the append-only file ends about a second after a redis-server that was killed. */
const PATIENCE_MS = 2_000;
const CONNECT_MS = 1_000;
const NAME = "redis.lock";

/** Waits up to 2 s for a redis-server that is ending. Rejects, with advice, if one still has the lock. */
export async function takeServerLock(dataDir: string, socketDir: string): Promise<ServerLock> {
  const path = join(socketDir, NAME);
  const deadlineAtMs = performance.now() + PATIENCE_MS;
  while (await isHeld(path)) {
    if (performance.now() > deadlineAtMs) {
      throw new Error(
        `Another redis-server still uses the data folder ${dataDir} and does not answer: stop it ` +
          "(pgrep -a redis-server lists it)",
      );
    }
    await delay(20);
  }
  return await replaceLock(socketDir, path);
}

/** Removes the file if that is possible. One that stays has no process. */
export async function removeServerLock(socketDir: string): Promise<void> {
  await rm(join(socketDir, NAME), { force: true }).catch(() => {});
}

/** It gets its name when it listens: so a lock that refuses connections has no process. */
async function replaceLock(socketDir: string, path: string): Promise<ServerLock> {
  const draft = join(socketDir, `new-${randomBytes(3).toString("hex")}`);
  const server = createServer();
  server.listen(draft);
  await once(server, "listening");
  try {
    await chmod(draft, 0o600);
    await rename(draft, path);
    return { fd: descriptorOf(server), close: () => close(server) };
  } catch (error) {
    await close(server);
    throw error;
  }
}

/** Node has no public way to pass a listening socket to another program. */
function descriptorOf(server: Server): number {
  const { _handle } = server as { _handle?: { fd?: unknown } };
  if (typeof _handle?.fd !== "number" || _handle.fd < 0) {
    throw new Error("this version of Node does not give the descriptor of a socket");
  }
  return _handle.fd;
}

/** No place is left for connections that wait; or its last process has just ended: look again. */
const HELD: ReadonlySet<string> = new Set(["EAGAIN", "ECONNRESET", "EPIPE"]);

/** Nobody accepts connections: they wait in the kernel. */
function isHeld(path: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    const finish = (held: boolean) => {
      resolve(held);
      socket.destroy();
    };
    socket.setTimeout(CONNECT_MS, () => finish(true));
    socket.on("connect", () => finish(true));
    socket.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "ECONNREFUSED" || error.code === "ENOENT") finish(false);
      else if (HELD.has(error.code ?? "")) finish(true);
      else reject(error);
    });
  });
}

async function close(server: Server): Promise<void> {
  const closed = once(server, "close");
  server.close();
  await closed;
}
