// The oldest Node that the TypeScript client promises to work with, for its tests only.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { npm } from "./npm.mjs";
import { RUNTIME } from "./places.mjs";
import { announce } from "./step.mjs";

/** Of the oldest line, what people have who keep it up to date. */
const VERSION = "20.20.0";

/** npm packages that hold nothing but a Node binary. */
const PACKAGED = ["linux-x64", "linux-arm64"];

/** @returns {string} the path of a Node binary; empty where none can be had, and its tests say so */
export function ensureOldestNode() {
  const platform = `${process.platform}-${process.arch}`;
  if (!PACKAGED.includes(platform)) return "";
  const name = `node-${platform}`;
  const prefix = join(RUNTIME, `node-${VERSION}`);
  const binary = join(prefix, "node_modules", name, "bin/node");
  if (existsSync(binary)) return binary;
  announce(`Node ${VERSION}`, `npm package ${name}, into .runtime (for tests of the client)`);
  npm(["install", "--no-save", "--prefix", prefix, `${name}@${VERSION}`]);
  return binary;
}
