// Backups of the embedded Redis, made from its files while it runs.
//
// Redis answers nothing before it is written to the append-only files, and only ever appends to the last one. So a copy of all
// files up to their present ends has everything that was answered before, and maybe a part of what was not: the start on it
// cuts that off, as after a crash.

import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { chmod, type FileHandle, mkdir, open, readdir, readFile } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { AOF_FOLDER, AOF_MANIFEST, type AofFile, filesOf, readManifest } from "./aof-manifest.ts";
import { makeFolder } from "./make-folder.ts";

/** The last file of a backup that is written: one without it is not complete. */
const LIST = "backup.json";
const VERSION = 1;
const CHUNK_BYTES = 4 * 2 ** 20;
/** Redis may replace its files at any time, at most once a minute. */
const TRIES = 20;
/** What an empty folder may have. */
const IGNORED = /^lost\+found$/;

export interface Backup {
  readonly version: number;
  readonly time: string;
  /** In `appendonlydir`. */
  readonly files: readonly {
    readonly name: string;
    readonly bytes: number;
    readonly sha256: string;
  }[];
}

/**
 * Copies the data of the embedded Redis into a new or empty folder, also while its server runs. The copy has every message that was
 * stored when it began. Rejects, with what to do, if there is no data or the folder has files.
 *
 * @param now the wall clock
 */
export async function makeBackup(dataDir: string, folder: string, now: Date): Promise<Backup> {
  await useEmptyFolder(folder, "The backup folder");
  // It may have been there for others to change.
  await chmod(folder, 0o700);
  const { files, handles } = await openFiles(dataDir);
  try {
    await mkdir(join(folder, AOF_FOLDER), { mode: 0o700 });
    const copied: Backup["files"][number][] = [];
    for (const [index, { name }] of files.entries()) {
      const target = join(folder, AOF_FOLDER, name);
      copied.push({ name, ...(await copyOf(handles[index] as FileHandle, target)) });
    }
    const manifest = Buffer.from(`${files.map(({ line }) => line).join("\n")}\n`);
    copied.push({ name: AOF_MANIFEST, ...(await writeFileTo(folder, AOF_MANIFEST, manifest)) });
    await sync(join(folder, AOF_FOLDER));
    const backup = { version: VERSION, time: now.toISOString(), files: copied };
    await writeWhole(join(folder, LIST), Buffer.from(`${JSON.stringify(backup, undefined, 2)}\n`));
    await sync(folder);
    return backup;
  } finally {
    await Promise.all(handles.map((handle) => handle.close()));
  }
}

/**
 * Copies a backup into a new or empty data folder. Rejects, with what to do, if the backup is not complete or was changed; nothing is
 * written then.
 */
export async function restoreBackup(folder: string, dataDir: string): Promise<Backup> {
  const backup = await readBackup(folder);
  for (const { name, bytes, sha256 } of backup.files) {
    const found = await digestOf(join(folder, AOF_FOLDER, name));
    if (found.bytes !== bytes || found.sha256 !== sha256)
      throw new Error(`The file ${name} of the backup ${folder} was changed. Use another backup.`);
  }
  await useEmptyFolder(dataDir, "The data folder");
  await mkdir(join(dataDir, AOF_FOLDER), { mode: 0o700 });
  // The manifest comes last: Redis loads nothing without it.
  for (const { name } of backup.files) {
    const file = await open(join(folder, AOF_FOLDER, name), "r");
    try {
      await copyOf(file, join(dataDir, AOF_FOLDER, name));
    } finally {
      await file.close();
    }
  }
  await sync(join(dataDir, AOF_FOLDER));
  await sync(dataDir);
  return backup;
}

/** Opens all files that belong together: Redis may replace them between two steps. */
async function openFiles(
  dataDir: string,
): Promise<{ files: readonly AofFile[]; handles: FileHandle[] }> {
  for (let tries = 0; tries < TRIES; tries++) {
    const manifest = await readManifest(dataDir);
    if (manifest === undefined) {
      throw new Error(
        `The folder ${resolve(dataDir)} has no data of an embedded Redis. Name the data folder of the server with --data-dir.`,
      );
    }
    const files = filesOf(manifest);
    const handles: FileHandle[] = [];
    let areTogether = false;
    try {
      for (const { name } of files) {
        const path = join(dataDir, AOF_FOLDER, name);
        handles.push(await open(path, constants.O_RDONLY | constants.O_NOFOLLOW));
      }
      areTogether = (await readManifest(dataDir)) === manifest;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    } finally {
      if (!areTogether) await Promise.all(handles.map((handle) => handle.close()));
    }
    if (areTogether) return { files, handles };
  }
  throw new Error(
    `Redis replaced its files in ${dataDir} ${TRIES} times during the backup. Try again.`,
  );
}

async function readBackup(folder: string): Promise<Backup> {
  let text: string;
  try {
    text = await readFile(join(folder, LIST), "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    throw new Error(
      `The folder ${folder} has no complete backup: it lacks ${LIST}, which dlq-server backup writes last.`,
    );
  }
  const backup = JSON.parse(text) as Backup;
  if (backup.version !== VERSION) {
    throw new Error(
      `The backup ${folder} has version ${backup.version}; this program reads version ${VERSION}. Use the version of the service that made it, or a later one.`,
    );
  }
  for (const { name } of backup.files)
    if (name !== basename(name))
      throw new Error(`The backup ${folder} names a file outside of it.`);
  return backup;
}

async function useEmptyFolder(path: string, what: string): Promise<void> {
  await makeFolder(path);
  const names = (await readdir(path)).filter((name) => !IGNORED.test(name));
  if (names.length > 0)
    throw new Error(`${what} ${path} has files. Name one that is new or empty, or move them away.`);
}

/** Copies a file up to its present end, and waits until the copy is on disk. */
async function copyOf(
  source: FileHandle,
  path: string,
): Promise<{ bytes: number; sha256: string }> {
  const { size } = await source.stat();
  const target = await open(path, "wx", 0o600);
  try {
    const hash = createHash("sha256");
    const buffer = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, Math.max(1, size)));
    for (let at = 0; at < size; ) {
      const { bytesRead } = await source.read(buffer, 0, Math.min(buffer.length, size - at), at);
      if (bytesRead === 0) throw new Error(`The file of ${path} became shorter during its copy.`);
      const part = buffer.subarray(0, bytesRead);
      hash.update(part);
      await writeAll(target, part);
      at += bytesRead;
    }
    await target.sync();
    return { bytes: size, sha256: hash.digest("hex") };
  } finally {
    await target.close();
  }
}

async function digestOf(path: string): Promise<{ bytes: number; sha256: string }> {
  const file = await open(path, "r");
  try {
    const hash = createHash("sha256");
    let bytes = 0;
    for await (const chunk of file.createReadStream({ highWaterMark: CHUNK_BYTES })) {
      hash.update(chunk as Buffer);
      bytes += (chunk as Buffer).length;
    }
    return { bytes, sha256: hash.digest("hex") };
  } finally {
    await file.close();
  }
}

async function writeFileTo(folder: string, name: string, content: Buffer) {
  await writeWhole(join(folder, AOF_FOLDER, name), content);
  return { bytes: content.length, sha256: createHash("sha256").update(content).digest("hex") };
}

async function writeWhole(path: string, content: Buffer): Promise<void> {
  const file = await open(path, "wx", 0o600);
  try {
    await writeAll(file, content);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function writeAll(file: FileHandle, content: Buffer): Promise<void> {
  for (let at = 0; at < content.length; )
    at += (await file.write(content, at, content.length - at)).bytesWritten;
}

/** Waits until the names in a folder are on disk. */
async function sync(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
