// Explains why no redis-server runs, for the log and for `/readyz`, which shows no paths.

import { statfsSync } from "node:fs";
import { join } from "node:path";
import { failureHint, fullDiskHint, isOfFullDisk } from "./failure-hint.ts";
import type { ServerExit } from "./server-process.ts";
import type { Explanation } from "./supervisor.ts";
import { systemAdvice } from "./system-advice.ts";

const FOLDER = "the data folder";
/** With less, a redis-server can neither start nor say why. */
const LITTLE_BYTES = 64 * 1024;

/** One line. An error without advice is named by its own message. */
export function startFailure(error: unknown, folder: string): string {
  const message = error instanceof Error ? error.message : String(error);
  return `redis-server could not be started: ${systemAdvice(error, folder) ?? message}`;
}

export function explainFailure(error: unknown, dataDir: string): Explanation {
  const advice = systemAdvice(error, FOLDER) ?? "see the log of the server";
  return {
    why: `${startFailure(error, dataDir)}; retrying`,
    problem: `redis-server could not be started: ${advice}`,
  };
}

export function explainExit(exit: ServerExit, restarts: boolean, dataDir: string): Explanation {
  const how = exit.signal ?? (exit.code === null ? "exit code unknown" : `code ${exit.code}`);
  const end = `redis-server ended unexpectedly (${how})${restarts ? " and is started again" : ""}.`;
  const known = failureHint(exit, dataDir);
  // On a full disk its log may be without the reason.
  const isFull =
    isOfFullDisk(exit) || (known === undefined && exit.code !== null && !hasSpace(dataDir));
  const hint = known ?? (isFull ? fullDiskHint(dataDir) : undefined);
  return {
    why: hint === undefined ? end : `${end} ${hint}`,
    // It writes nothing at SIGKILL: its last lines would mislead.
    ...(exit.lastLines.length > 0 && exit.signal !== "SIGKILL"
      ? {
          details: `Its last lines, from ${join(dataDir, "redis.log")}:\n${exit.lastLines.join("\n")}`,
        }
      : {}),
    ...(isFull
      ? { problem: `redis-server ended: ${systemAdvice({ code: "ENOSPC" }, FOLDER)}` }
      : {}),
  };
}

function hasSpace(folder: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize >= LITTLE_BYTES;
  } catch {
    return true; // another problem
  }
}
