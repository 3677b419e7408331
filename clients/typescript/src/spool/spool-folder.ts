// Where spool files are, and what is in there.

import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { access, mkdir, readdir, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";

const SUFFIX = ".spool";

/** A spool file as its folder shows it. */
export interface ListedFile {
  readonly name: string;
  readonly path: string;
  readonly bytes: number;
  /** When its owner last wrote or touched it. */
  readonly changedAtMs: number;
}

/**
 * Folders of a service, the best first.
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

/** In a container a user may have none, not even by name. */
function homeFolder(): string | undefined {
  try {
    return homedir();
  } catch {
    return undefined;
  }
}

/** Nothing of a name may lead out of the folder, on any file system. */
export function folderName(service: string): string {
  if (service === "") return "default";
  if (service === "." || service === "..") return "_";
  const bytes = Buffer.from(service).toString("latin1");
  return bytes.replaceAll(/[^A-Za-z0-9._-]/g, "_");
}

/** The first folder that can be written, made where it is not there; rejects if there is none. */
export async function firstWritable(folders: readonly string[]): Promise<string> {
  let failure: unknown = new Error("no folder is known for it");
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

/** Spool files in a folder, oldest first; none where there is no folder. */
export async function listFolder(folder: string): Promise<ListedFile[]> {
  const names = await readdir(folder).catch(() => []);
  const files = names
    .filter((name) => name.endsWith(SUFFIX))
    .sort()
    .map((name) => listed(name, join(folder, name)));
  return (await Promise.all(files)).flatMap((file) => file ?? []);
}

async function listed(name: string, path: string): Promise<ListedFile | undefined> {
  const found = await stat(path).catch(() => undefined); // removed meanwhile
  return found && { name, path, bytes: found.size, changedAtMs: found.mtimeMs };
}

/** The wall clock first, so that names sort by age. */
export function newFileName(createdAtMs: number): string {
  const random = randomBytes(8).toString("hex");
  return `${String(createdAtMs).padStart(13, "0")}-${process.pid}-${random}${SUFFIX}`;
}

const NAME = /^(?<createdAtMs>\d{13})-(?<pid>\d+)-[0-9a-f]{16}\.spool$/;

/** What a name says; undefined for files of somebody else. */
export function partsOfName(
  name: string,
): { readonly createdAtMs: number; readonly pid: bigint } | undefined {
  const { createdAtMs, pid } = NAME.exec(name)?.groups ?? {};
  if (createdAtMs === undefined || pid === undefined) return undefined;
  return { createdAtMs: Number(createdAtMs), pid: BigInt(pid) };
}
