import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";

/** The folder of the append-only files in a data folder, and the file that lists them. */
export const AOF_FOLDER = "appendonlydir";
export const AOF_MANIFEST = "appendonly.aof.manifest";

/** `b`: the whole data at one time. `i`: what was written since. Files of other types are not in use any more. */
export interface AofFile {
  readonly name: string;
  readonly type: "b" | "i";
  /** Its line in the manifest. */
  readonly line: string;
}

/** Returns the files in the order in which Redis loads them. */
export function filesOf(manifest: string): AofFile[] {
  return [...manifest.matchAll(/^file ([\w.-]+) seq \d+ type ([bi])\b.*$/gm)].map(
    ([line, name = "", type]) => ({ line, name, type: type === "b" ? "b" : "i" }),
  );
}

/** Reads the manifest of a data folder. Follows no link. Undefined: Redis has not been started there. */
export async function readManifest(dataDir: string): Promise<string | undefined> {
  let file: FileHandle;
  try {
    const path = join(dataDir, AOF_FOLDER, AOF_MANIFEST);
    file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  try {
    return await file.readFile("utf8");
  } finally {
    await file.close();
  }
}
