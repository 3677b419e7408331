import { type FileHandle, open, rename, unlink, utimes } from "node:fs/promises";
import { dirname, join } from "node:path";
import { isInScope, isOrphan, mayHaveNewOwner, parseOwner, type SpoolScope } from "./owner.ts";
import type { ProcessIdentity } from "./process-identity.ts";
import { readFirstRecord, readSpoolFile } from "./read-spool-file.ts";
import { type ListedFile, listFolder, newFileName, partsOfName } from "./spool-folder.ts";

/** A shorter file has no record, so no message is in it. */
const MIN_BYTES = 25;
const EMPTY_UNTOUCHED_MS = 120_000;
/** Each file takes a file descriptor of this process. */
const MAX_FILES = 64;

/**
 * Claims orphans: renames them to names of this process. If several processes try, one succeeds.
 *
 * @param held paths of the files that this process has
 * @returns the new paths
 */
export async function claimOrphans(
  folders: readonly string[],
  scope: SpoolScope,
  own: ProcessIdentity,
  held: readonly string[],
): Promise<string[]> {
  const claimed: string[] = [];
  for (const folder of folders) {
    for (const file of await listFolder(folder)) {
      if (held.includes(file.path) || held.length + claimed.length >= MAX_FILES) continue;
      const path = await claim(file, scope, own);
      if (path !== undefined) claimed.push(path);
    }
  }
  return claimed;
}

async function claim(
  file: ListedFile,
  scope: SpoolScope,
  own: ProcessIdentity,
): Promise<string | undefined> {
  // Another user may have made it, to have it sent, or a file of this user changed.
  if (!file.isOwn) return undefined;
  const nowMs = Date.now();
  const createdAtMs = partsOfName(file.name)?.createdAtMs;
  if (createdAtMs === undefined) return undefined;
  if (file.bytes < MIN_BYTES) {
    const isAbandoned = nowMs - file.changedAtMs > EMPTY_UNTOUCHED_MS;
    if (isAbandoned) await unlink(file.path).catch(() => {});
    return undefined;
  }
  try {
    const owner = parseOwner(await readFrom(file.path, readFirstRecord));
    if (owner === undefined || !isInScope(scope, owner)) return undefined;
    if (!isOrphan(file, owner, own, nowMs)) return undefined;
    if (mayHaveNewOwner(file, owner)) {
      const { ownerRecord } = await readFrom(file.path, readSpoolFile);
      if (!isOrphan(file, parseOwner(ownerRecord) ?? owner, own, nowMs)) return undefined;
    }
    const path = join(dirname(file.path), newFileName(createdAtMs));
    // Touched before the rename, so that no other process claims it while this one reads it.
    await utimes(file.path, new Date(nowMs), new Date(nowMs));
    await rename(file.path, path);
    return path;
  } catch {
    return undefined; // another process was faster, or the file may not be read
  }
}

async function readFrom<Found>(
  path: string,
  read: (handle: FileHandle) => Promise<Found>,
): Promise<Found> {
  const handle = await open(path, "r");
  try {
    return await read(handle);
  } finally {
    await handle.close();
  }
}
