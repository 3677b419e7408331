// The data folder holds payloads: only its owner may enter it.

import { chmod, lstat, readdir, realpath } from "node:fs/promises";
import type { EmbeddedLog } from "./embedded-log.ts";
import { makeFolder } from "./make-folder.ts";
import { systemAdvice } from "./system-advice.ts";

/** What a folder may hold that becomes private: Redis's files, or nothing of anybody. */
const DATA = /^(appendonlydir|redis\.log)$/;
const IGNORED = /^lost\+found$/;

/**
 * Creates the folder if it is absent, and removes the access of other users if it has any. Returns
 * its path, absolute and without links. Rejects, with advice, if that is not possible or may break
 * something else.
 */
export async function privateFolder(path: string, log: EmbeddedLog): Promise<string> {
  try {
    await makeFolder(path);
    const folder = await realpath(path);
    await removeAccess(folder, log);
    return folder;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const isOfFolder = code === "EROFS" || systemAdvice(error, path) === undefined;
    if (code === undefined || !isOfFolder) throw error;
    throw new Error(
      `The data folder ${path} can't be made or used (${code}). Name one that is a folder and ` +
        "writable for this user with --data-dir.",
    );
  }
}

async function removeAccess(folder: string, log: EmbeddedLog): Promise<void> {
  const { uid, mode } = await lstat(folder);
  if ((mode & 0o077) === 0) return;
  const shown = (mode & 0o7777).toString(8);
  const own = process.getuid?.() ?? uid;
  if (own !== uid && own !== 0) {
    // Such as the volume of a container, which its platform makes writable by a group.
    if ((mode & 0o002) === 0) return;
    throw new Error(
      `The data folder ${folder} belongs to another user, and everybody can write to it (mode ` +
        `${shown}). Run chmod 700 as its owner, or name another folder with --data-dir.`,
    );
  }
  const names = (await readdir(folder)).filter((name) => !IGNORED.test(name));
  if (names.length > 0 && !names.some((name) => DATA.test(name))) {
    throw new Error(
      `The data folder ${folder} has other files, and other users can enter it (mode ${shown}). ` +
        "Name a folder for this service alone with --data-dir, or run chmod 700 on this one.",
    );
  }
  await chmod(folder, 0o700);
  log.warn(
    { dataDir: folder, mode: shown },
    "other users could enter the data folder; now it is private",
  );
}
