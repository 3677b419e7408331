// The Node that runs the server: the one that runs this script, or one from npm in .runtime if that is too old.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { npm } from "./npm.mjs";
import { RUNTIME } from "./places.mjs";
import { announce, run, SetupError } from "./step.mjs";

/** Older ones have crashes and leaks in HTTP/2, or do not run TypeScript. */
const OLDEST = [24, 14, 1];

const INSTALLED = "24.21.0";

/** Platforms with an npm package of that Node. */
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
  if (installedVersion(folder) === INSTALLED) return binary;
  announce(
    `Node ${INSTALLED}`,
    `npm package ${name}, into .runtime (this machine has ${process.version})`,
  );
  npm(["install", "--no-save", "--ignore-scripts", "--prefix", RUNTIME, `${name}@${INSTALLED}`]);
  run(binary, ["--version"]); // fails if the system's libraries do not fit
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
