// Lets one server use a data folder. (Node has no flock.) Each contender listens on a unix socket of its own in the folder
// and then looks for others. The kernel closes a socket with its process, so a kill -9 leaves no lock behind. This also
// works between containers that share the folder, where pids mean nothing. A connection gets a line about the contender.
//
// Why at most one can own the folder: each contender is visible before it looks, and owns the folder only after a look
// that found no other one alive. Of two, the one that became visible later sees the other. Names are random and never
// used twice, so removing a dead one cannot remove a new one.

import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { readdir, rename, rm } from "node:fs/promises";
import { connect, createServer, type Server } from "node:net";
import { hostname } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

export interface DataLock {
  release(): Promise<void>;
}

/** Thrown when another running server owns the folder. */
export class DataFolderInUseError extends Error {
  constructor(dataDir: string, holder: string) {
    super(
      `Another server (${holder}) already uses the data folder ${dataDir}. ` +
        "Stop it first, or give this one a data folder of its own.",
    );
    this.name = "DataFolderInUseError";
  }
}

/** What a contender sends to a connection. */
interface Introduction {
  readonly who: string;
  readonly owns: boolean;
}

/** How long a contender may take to answer. One that is too busy counts as owner. */
const INTRODUCTION_MS = 1_000;
const SILENT: Introduction = { who: "which does not say its process id", owns: true };

/** It closed the connection without an answer, as one that gives way or ends: look again. */
const ENDING: Introduction = { who: "which is ending", owns: false };

/** The length that LONGEST_NAME_BYTES of socket-folder.ts allows. */
const VISIBLE = /^own-[0-9a-f]{6}$/;

export async function lockDataFolder(dataDir: string, socketDir: string): Promise<DataLock> {
  const id = randomBytes(3).toString("hex");
  const name = `own-${id}`;
  let owns = false;
  const who = `process ${process.pid} on ${hostname()}`;
  const server = await listen(join(socketDir, `new-${id}`), () => ({ who, owns }));
  const release = async () => {
    if (!server.listening) return;
    await rm(join(socketDir, name), { force: true });
    await close(server);
  };
  try {
    // It becomes visible when it listens: so a visible socket that refuses connections has no process.
    await rename(join(socketDir, `new-${id}`), join(socketDir, name));
    await untilAlone(dataDir, socketDir, name);
    owns = true;
    return { release };
  } catch (error) {
    await release();
    throw error;
  }
}

/** Rejects if there is an owner or a contender with a smaller name; waits until larger ones have given way. */
async function untilAlone(dataDir: string, socketDir: string, own: string): Promise<void> {
  for (;;) {
    let alone = true;
    for (const name of await readdir(socketDir)) {
      if (!VISIBLE.test(name) || name === own) continue;
      const other = await introduction(join(socketDir, name));
      if (other === undefined) {
        await rm(join(socketDir, name), { force: true });
      } else if (other !== ENDING && (other.owns || name < own)) {
        throw new DataFolderInUseError(dataDir, other.who);
      } else {
        alone = false;
      }
    }
    if (alone) return;
    await delay(5);
  }
}

async function listen(path: string, introduce: () => Introduction): Promise<Server> {
  const server = createServer((socket) => {
    socket.on("error", () => {}); // the other end is gone
    socket.end(JSON.stringify(introduce()));
  });
  server.unref(); // a lock keeps no process alive
  server.listen(path);
  await once(server, "listening"); // rejects with the error, when there is one
  return server;
}

/** Undefined: no process listens. Only the kernel's refusal proves that, never a timeout. */
function introduction(path: string): Promise<Introduction | undefined> {
  return new Promise((resolve) => {
    let words = "";
    const socket = connect(path);
    const finish = (answer: Introduction | undefined) => {
      resolve(answer);
      socket.destroy();
    };
    socket.setTimeout(INTRODUCTION_MS, () => finish(SILENT));
    socket.on("data", (chunk) => {
      words += chunk.toString();
    });
    socket.on("end", () => finish(parse(words)));
    socket.on("error", ({ code }: NodeJS.ErrnoException) => {
      if (code === "ECONNREFUSED" || code === "ENOENT") finish(undefined);
      else finish(code === "ECONNRESET" || code === "EPIPE" ? ENDING : SILENT);
    });
  });
}

function parse(words: string): Introduction {
  try {
    const { who, owns } = JSON.parse(words);
    return { who: String(who), owns: owns !== false };
  } catch {
    return ENDING;
  }
}

async function close(server: Server): Promise<void> {
  const closed = once(server, "close");
  server.close();
  await closed;
}
