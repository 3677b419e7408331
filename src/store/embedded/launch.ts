// Launches the redis-server of a data folder, or takes over the one that runs. Two layers keep a second one away: what runs
// is found by its socket and its record, and what neither shows still has the lock.

import { dirname } from "node:path";
import type { EmbeddedLog } from "./embedded-log.ts";
import { settleOrphan } from "./orphan.ts";
import { type ProcessIdentity, terminate } from "./process-identity.ts";
import type { RedisUser } from "./redis-user.ts";
import { ask } from "./reply.ts";
import { liveSettings, type ServerSettings } from "./server-arguments.ts";
import { takeServerLock } from "./server-lock.ts";
import { launchServer, type ServerProcess, takeOverServer } from "./server-process.ts";
import { prepareServerRecord, readServerRecord, writeServerRecord } from "./server-record.ts";
import { removeTornTransaction } from "./torn-transaction.ts";
import { removeUnfinishedRewrites } from "./unfinished-rewrites.ts";

export interface LaunchParts {
  readonly serverPath: string;
  readonly settings: ServerSettings;
  readonly user: RedisUser | undefined;
  readonly log: EmbeddedLog;
}

/** A server that is stopped because it can't be used gets as long as this. */
const GRACE_MS = 10_000;

/** Call it only while holding the lock of the data folder. If it rejects, it has left no server that it started. */
export async function launchOrTakeOver(parts: LaunchParts): Promise<ServerProcess> {
  const { settings, log } = parts;
  const { dataDir, socketPath } = settings;
  const orphan = await settleOrphan({ dataDir, socketPath, log });
  return orphan === undefined ? await launch(parts) : await takeOver(orphan, settings);
}

async function launch({ serverPath, settings, user, log }: LaunchParts): Promise<ServerProcess> {
  const { dataDir, socketPath } = settings;
  const lock = await takeServerLock(dataDir, dirname(socketPath));
  try {
    await removeUnfinishedRewrites(dataDir);
    const cutBytes = await removeTornTransaction(dataDir);
    if (cutBytes > 0)
      log.info(
        { cutBytes },
        "Redis was killed while it wrote; what it had not answered is cut off",
      );
    const record = prepareServerRecord(dataDir);
    try {
      const server = await launchServer(serverPath, settings, { user, lockFd: lock.fd });
      // At once: if this process is killed now, the next start must find this server.
      await orEnd(server, () => record.write({ ...server.identity, socketPath }));
      return server;
    } finally {
      record.close();
    }
  } finally {
    await lock.close();
  }
}

/** Its settings may be those of an earlier version. One command for all: they are applied together or not at all. */
async function takeOver(orphan: ProcessIdentity, settings: ServerSettings): Promise<ServerProcess> {
  const { dataDir, socketPath } = settings;
  const server = takeOverServer(orphan, settings);
  await orEnd(server, async () => {
    const pairs = Object.entries(liveSettings(settings)).flat();
    await ask(socketPath, ["CONFIG", "SET", ...pairs], 10_000);
    // Usually its record is there, and needs no space on a full disk.
    if (readServerRecord(dataDir)?.socketPath !== socketPath)
      writeServerRecord(dataDir, { ...orphan, socketPath });
  });
  return server;
}

/** Ends the server if the step fails: the next launch must not meet one that nobody watches. */
async function orEnd(server: ServerProcess, step: () => void | Promise<void>): Promise<void> {
  try {
    await step();
  } catch (error) {
    await terminate(server.identity, GRACE_MS);
    await server.exited;
    throw error;
  }
}
