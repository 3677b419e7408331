import { type FileHandle, open, rename, unlink, utimes } from "node:fs/promises";
import { dirname, join } from "node:path";
import { isFor, isOrphan, mayHaveSuccessor, ownerOf, type SpoolPurpose } from "./owner.ts";
import type { ProcessIdentity } from "./process-identity.ts";
import { readFirstRecord, readSpoolFile } from "./read-spool-file.ts";
import { type ListedFile, listFolder, newFileName, partsOfName } from "./spool-folder.ts";

/** A process that died before it had written as much has told nobody that it kept something. */
const EMPTY_BYTES = 25;
const EMPTY_UNTOUCHED_MS = 120_000;
/** Each file that is held is a descriptor of this process. */
const MOST_HELD = 64;

/**
 * Renames files that nobody works on any more to names of our own: of those who try, one succeeds.
 *
 * @param held paths of files that are ours
 * @returns their new paths
 */
export async function takeOrphans(
  folders: readonly string[],
  purpose: SpoolPurpose,
  own: ProcessIdentity,
  held: readonly string[],
): Promise<string[]> {
  const taken: string[] = [];
  for (const folder of folders) {
    for (const file of await listFolder(folder)) {
      if (held.includes(file.path) || held.length + taken.length >= MOST_HELD) continue;
      const path = await take(file, purpose, own);
      if (path !== undefined) taken.push(path);
    }
  }
  return taken;
}

async function take(
  file: ListedFile,
  purpose: SpoolPurpose,
  own: ProcessIdentity,
): Promise<string | undefined> {
  const nowMs = Date.now();
  const createdAtMs = partsOfName(file.name)?.createdAtMs;
  if (createdAtMs === undefined) return undefined;
  if (file.bytes < EMPTY_BYTES) {
    const isLeft = nowMs - file.changedAtMs > EMPTY_UNTOUCHED_MS;
    if (isLeft) await unlink(file.path).catch(() => {});
    return undefined;
  }
  try {
    const owner = ownerOf(await readFrom(file.path, readFirstRecord));
    if (owner === undefined || !isFor(purpose, owner)) return undefined;
    if (!isOrphan(file, owner, own, nowMs)) return undefined;
    if (mayHaveSuccessor(file, owner)) {
      const { ownerRecord } = await readFrom(file.path, readSpoolFile);
      if (!isOrphan(file, ownerOf(ownerRecord) ?? owner, own, nowMs)) return undefined;
    }
    const path = join(dirname(file.path), newFileName(createdAtMs));
    // Before, so that whoever looks next sees that it has an owner: reading may take its time.
    await utimes(file.path, new Date(nowMs), new Date(nowMs));
    await rename(file.path, path);
    return path;
  } catch {
    return undefined; // somebody else was faster, or may not share it
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
