import { accessSync, constants } from "node:fs";
import { delimiter, join, resolve } from "node:path";

const NAME = "redis-server";

/** The link that `npm start` creates if the system has the program under another name. */
const SETUP_LINK = join(import.meta.dirname, "../../.runtime/bin", NAME);

/** Returns the configured binary, or the first one found in PATH, then in the setup folder. */
export function redisServerPath(configured: string | undefined): string {
  if (configured !== undefined) return configured.includes("/") ? resolve(configured) : configured;
  const inPath = (process.env.PATH ?? "").split(delimiter).map((folder) => join(folder, NAME));
  return [...inPath, SETUP_LINK].find(isExecutable) ?? NAME;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
