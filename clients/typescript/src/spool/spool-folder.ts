// The folders and names of spool files.

import { randomBytes } from "node:crypto";
import { constants, type Stats } from "node:fs";
import { access, lstat, mkdir, readdir } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";

const SUFFIX = ".spool";

/** A spool file in the listing of its folder. */
export interface ListedFile {
  readonly name: string;
  readonly path: string;
  readonly bytes: number;
  /** When its owner last wrote or touched it. */
  readonly changedAtMs: number;
  /** Whether it is a regular file of this user that others cannot write to. */
  readonly isOwn: boolean;
}

/**
 * Returns the possible folders of a service, the preferred one first.
 *
 * @param given the client's option
 */
export function candidateFolders(given: string | undefined, service: string): string[] {
  const { DLQ_SPOOL_DIR } = process.env;
  const roots = [given, DLQ_SPOOL_DIR, platformFolder()];
  const folders = roots.flatMap((root) => (root ? [join(root, folderName(service))] : []));
  return [...new Set(folders)];
}

function platformFolder(): string | undefined {
  const { LOCALAPPDATA, XDG_STATE_HOME } = process.env;
  if (process.platform === "win32") return LOCALAPPDATA && join(LOCALAPPDATA, "dlq", "spool");
  const home = homeFolder();
  if (process.platform === "darwin") {
    return home && join(home, "Library", "Application Support", "dlq", "spool");
  }
  const state = XDG_STATE_HOME || (home && join(home, ".local", "state"));
  return state && join(state, "dlq", "spool");
}

/** In a container the user may have no home folder, and not even a name. */
function homeFolder(): string | undefined {
  try {
    return homedir();
  } catch {
    return undefined;
  }
}

/** Returns a name that cannot lead out of its parent folder, on any file system. */
export function folderName(service: string): string {
  if (service === "") return "default";
  if (service === "." || service === "..") return "_";
  const bytes = Buffer.from(service).toString("latin1");
  return bytes.replaceAll(/[^A-Za-z0-9._-]/g, "_");
}

/** Returns the first folder that can be written, and creates it if needed. Rejects if there is none. */
export async function firstWritable(folders: readonly string[]): Promise<string> {
  let failure: unknown = new Error("no folder is configured, and the platform has none");
  for (const folder of folders) {
    try {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      await access(folder, constants.W_OK);
      return folder;
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}

/** Returns the spool files of a folder, oldest first; none if the folder does not exist. */
export async function listFolder(folder: string): Promise<ListedFile[]> {
  const names = await readdir(folder).catch(() => []);
  const files = names
    .filter((name) => name.endsWith(SUFFIX))
    .sort()
    .map((name) => listed(name, join(folder, name)));
  return (await Promise.all(files)).flatMap((file) => file ?? []);
}

async function listed(name: string, path: string): Promise<ListedFile | undefined> {
  const found = await lstat(path).catch(() => undefined); // it was removed meanwhile
  return (
    found && { name, path, bytes: found.size, changedAtMs: found.mtimeMs, isOwn: isOwn(found) }
  );
}

/** On Windows each user has a folder of their own, and there is no id to compare. */
function isOwn(found: Stats): boolean {
  const user = process.geteuid?.();
  return (
    found.isFile() && (user === undefined || (found.uid === user && (found.mode & 0o022) === 0))
  );
}

/** Returns a name that begins with the time, so that names sort by age. */
export function newFileName(createdAtMs: number): string {
  const random = randomBytes(8).toString("hex");
  return `${String(createdAtMs).padStart(13, "0")}-${process.pid}-${random}${SUFFIX}`;
}

const NAME = /^(?<createdAtMs>\d{13})-(?<pid>\d+)-[0-9a-f]{16}\.spool$/;

/** Returns the parts of a name; undefined for a file that is no spool file. */
export function partsOfName(
  name: string,
): { readonly createdAtMs: number; readonly pid: bigint } | undefined {
  const { createdAtMs, pid } = NAME.exec(name)?.groups ?? {};
  if (createdAtMs === undefined || pid === undefined) return undefined;
  return { createdAtMs: Number(createdAtMs), pid: BigInt(pid) };
}

/** How old a measurement may be. Other processes write, too. */
const STALE_MS = 1_000;

/** Measures the bytes of all spool files in a folder, those of other processes included. */
export class FolderUsage {
  readonly folder: string;
  #measuredAtMs = Number.NEGATIVE_INFINITY;
  #bytes: ReadonlyMap<string, number> = new Map();

  constructor(folder: string) {
    this.folder = folder;
  }

  /** @param own paths of files that do not count */
  async ofOthers(own: readonly string[]): Promise<number> {
    const nowMs = performance.now();
    if (nowMs - this.#measuredAtMs > STALE_MS) {
      const files = await listFolder(this.folder);
      this.#bytes = new Map(files.map(({ path, bytes }) => [path, bytes]));
      this.#measuredAtMs = nowMs;
    }
    let sum = 0;
    for (const [path, bytes] of this.#bytes) if (!own.includes(path)) sum += bytes;
    return sum;
  }
}
