import { accessSync, constants } from "node:fs";
import { delimiter, join, resolve } from "node:path";

const NAME = "redis-server";

/** The link that `npm start` makes, where the system has the program under another name only. */
const OF_SETUP = join(import.meta.dirname, "../../.runtime/bin", NAME);

/** The configured binary, or the first that is found: in PATH, then where the set-up puts it. */
export function redisServerPath(configured: string | undefined): string {
  if (configured !== undefined) return configured.includes("/") ? resolve(configured) : configured;
  const inPath = (process.env.PATH ?? "").split(delimiter).map((folder) => join(folder, NAME));
  return [...inPath, OF_SETUP].find(isExecutable) ?? NAME;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
