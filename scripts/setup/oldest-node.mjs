// The oldest Node that the TypeScript client supports, for its tests.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { npm } from "./npm.mjs";
import { RUNTIME } from "./places.mjs";
import { announce } from "./step.mjs";

/** The last release of the oldest supported line. */
const VERSION = "20.20.0";

/** Platforms with an npm package of that Node. */
const PACKAGED = ["linux-x64", "linux-arm64"];

/** @returns {string} the path of a Node binary; empty on other platforms, where its tests are skipped */
export function ensureOldestNode() {
  const platform = `${process.platform}-${process.arch}`;
  if (!PACKAGED.includes(platform)) return "";
  const name = `node-${platform}`;
  const prefix = join(RUNTIME, `node-${VERSION}`);
  const binary = join(prefix, "node_modules", name, "bin/node");
  if (existsSync(binary)) return binary;
  announce(`Node ${VERSION}`, `npm package ${name}, into .runtime (for tests of the client)`);
  npm(["install", "--no-save", "--ignore-scripts", "--prefix", prefix, `${name}@${VERSION}`]);
  return binary;
}
