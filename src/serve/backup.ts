import type { BackupSummary } from "../cli/cli.ts";
import type { Config } from "../config/config.ts";
import { type Backup, makeBackup, restoreBackup } from "../store/embedded/backup.ts";

/** Backs up the data folder of the embedded Redis, also while a server uses it. Rejects with what to do. */
export async function backUp(config: Config, folder: string): Promise<BackupSummary> {
  requireEmbedded(config);
  return summaryOf(await makeBackup(config.dataDir, folder, new Date()));
}

/** Writes a backup into a new data folder. Rejects with what to do. */
export async function restore(config: Config, folder: string): Promise<BackupSummary> {
  requireEmbedded(config);
  return summaryOf(await restoreBackup(folder, config.dataDir));
}

function requireEmbedded({ redisUrl, redisSentinels }: Config): void {
  if (redisUrl === undefined && redisSentinels.length === 0) return;
  throw new Error(
    "The configuration has a Redis of its own. Back up and restore that one: docs/guides/back-up.md says how.",
  );
}

function summaryOf({ time, files }: Backup): BackupSummary {
  return { time, bytes: files.reduce((sum, { bytes }) => sum + bytes, 0) };
}
