// One server per data folder. The lock is a unix socket on which its owner listens: the kernel
// closes it with the process, however that ends, so a kill -9 leaves no lock behind, and it holds
// across containers that share the folder, where pids mean nothing. Whoever connects hears who
// the owner is. (Node has no flock.)

import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { link, lstat, rename, rm } from "node:fs/promises";
import { connect, createServer, type Server } from "node:net";
import { hostname } from "node:os";
import { dirname, join } from "node:path";

export interface DataLock {
  release(): Promise<void>;
}

/** Thrown when another running server owns the folder. */
export class DataFolderInUseError extends Error {
  constructor(dataDir: string, owner: string) {
    super(
      `Another server (${owner}) already uses the data folder ${dataDir}. ` +
        "Stop it first, or give this one a data folder of its own.",
    );
    this.name = "DataFolderInUseError";
  }
}

/** How long a living owner gets to introduce itself; it may be busy, the answer stays the same. */
const INTRODUCTION_MS = 1_000;

export async function lockDataFolder(dataDir: string, socketDir: string): Promise<DataLock> {
  const path = join(socketDir, "owner.sock");
  const draft = shortName(socketDir);
  const server = await listen(draft);
  try {
    // Listening comes first and the name second, and only one `link` of a name can succeed, so
    // nobody ever sees a lock whose owner does not listen yet.
    while (!(await linked(draft, path))) await removeIfStale(path, dataDir);
    const { ino } = await lstat(path);
    await rm(draft, { force: true });
    return { release: () => release(server, path, ino) };
  } catch (error) {
    await close(server);
    throw error;
  }
}

/** As short as the socket folder counts on, and different each time. */
function shortName(socketDir: string): string {
  return join(socketDir, `own-${randomBytes(3).toString("hex")}`);
}

async function listen(path: string): Promise<Server> {
  const server = createServer((socket) => {
    socket.on("error", () => {}); // whoever asked has gone
    socket.end(`process ${process.pid} on ${hostname()}`);
  });
  server.unref(); // a lock keeps no process alive
  server.listen(path);
  await once(server, "listening"); // rejects with the error, when there is one
  return server;
}

async function linked(draft: string, path: string): Promise<boolean> {
  try {
    await link(draft, path);
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw error;
  }
}

async function removeIfStale(path: string, dataDir: string): Promise<void> {
  const owner = await ownerOf(path);
  if (owner !== undefined) throw new DataFolderInUseError(dataDir, owner);
  // Another newcomer may have replaced the stale name since. Take it aside and look again before
  // it is gone for good; what turns out to be alive goes back to its place.
  const aside = shortName(dirname(path));
  try {
    await rename(path, aside);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return;
    throw error;
  }
  const living = await ownerOf(aside);
  if (living !== undefined) await linked(aside, path);
  await rm(aside, { force: true });
  if (living !== undefined) throw new DataFolderInUseError(dataDir, living);
}

/** Undefined when nobody listens. Only the kernel's refusal counts as death, never silence. */
function ownerOf(path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    let words = "";
    const socket = connect(path);
    const finish = (owner: string | undefined) => {
      resolve(owner);
      socket.destroy();
    };
    const known = () => (words === "" ? "which does not say its process id" : words);
    socket.setTimeout(INTRODUCTION_MS, () => finish(known()));
    socket.on("data", (chunk) => {
      words += chunk.toString();
    });
    socket.on("end", () => finish(known()));
    socket.on("error", (error) => {
      const code = codeOf(error);
      finish(code === "ECONNREFUSED" || code === "ENOENT" ? undefined : known());
    });
  });
}

async function release(server: Server, path: string, ino: number): Promise<void> {
  const found = await lstat(path).catch(() => undefined);
  if (found?.ino === ino) await rm(path, { force: true });
  await close(server);
}

async function close(server: Server): Promise<void> {
  if (!server.listening) return;
  const closed = once(server, "close");
  server.close();
  await closed;
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}
