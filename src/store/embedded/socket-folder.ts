// The folder of the unix sockets of a data folder: the data folder itself, unless its path is too long.

import { createHash } from "node:crypto";
import { lstat } from "node:fs/promises";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { makeFolder } from "./make-folder.ts";

/** The system's limit is 107 bytes on Linux and 103 on macOS; a longer path fails to bind. */
const MAX_PATH_BYTES = 100;

/** The longest name in the folder: `/redis.sock`, `/own-xxxxxx`, `/new-xxxxxx`. */
const LONGEST_NAME_BYTES = 11;

/** `dataDir` is absolute and without links, so that each folder has one socket folder. */
export async function socketFolder(dataDir: string): Promise<string> {
  if (fits(dataDir)) return dataDir;
  const name = createHash("sha256").update(dataDir).digest("hex").slice(0, 16);
  const folder = join(tmpdir(), `dlq-${name}`);
  if (!fits(folder)) {
    throw new Error(
      `Neither the data folder ${dataDir} nor the temporary folder ${tmpdir()} has a path short ` +
        "enough for a unix socket. Use a data folder with a shorter path, or set TMPDIR to one.",
    );
  }
  await makeFolder(folder);
  await assertPrivate(folder);
  return folder;
}

function fits(folder: string): boolean {
  return Buffer.byteLength(folder) + LONGEST_NAME_BYTES <= MAX_PATH_BYTES;
}

/** Any user may create names in a shared temporary folder: use only a folder of this user alone. */
async function assertPrivate(folder: string): Promise<void> {
  const found = await lstat(folder);
  if (!found.isDirectory() || found.uid !== userInfo().uid || (found.mode & 0o077) !== 0) {
    throw new Error(
      `${folder} should be a folder that only this user can enter, and is not. ` +
        "Remove it, or use a data folder with a shorter path.",
    );
  }
}
