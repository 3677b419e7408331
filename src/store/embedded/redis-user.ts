// A server that runs as root does not need to run Redis as root.

import { spawnSync } from "node:child_process";
import { statSync } from "node:fs";
import { join } from "node:path";

export interface RedisUser {
  readonly uid: number;
  readonly gid: number;
}

/**
 * Returns the owner of the data folder, if this process is root, the owner is not, and Redis can
 * work as the owner: run the program, enter the folder, read its data. Otherwise undefined: Redis
 * runs as this process.
 */
export function redisUser(dataDir: string, serverPath: string): RedisUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const { uid, gid } = statSync(dataDir);
  const data = statSync(join(dataDir, "appendonlydir"), { throwIfNoEntry: false });
  if (uid === 0 || (data !== undefined && data.uid !== uid)) return undefined;
  const command = 'cd "$0" && test -w . && exec "$1" --version';
  const tried = spawnSync("/bin/sh", ["-c", command, dataDir, serverPath], {
    ...{ uid, gid, stdio: "ignore" },
    env: { PATH: process.env.PATH },
  });
  return tried.status === 0 ? { uid, gid } : undefined;
}
