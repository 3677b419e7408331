// Packages that only the bench needs, in a folder and with a lock file of their own.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { npm } from "./npm.mjs";
import { envWithFirst, ROOT } from "./places.mjs";
import { announce } from "./step.mjs";

const BULLMQ = join(ROOT, "test/bench/peers/bullmq");

/** @param {string} node the binary that will run it */
export function ensureBullmq(node) {
  const wanted = JSON.parse(readFileSync(join(BULLMQ, "package.json"), "utf8")).dependencies.bullmq;
  if (installedVersion() === wanted) return;
  announce(`BullMQ ${wanted}`, "npm ci, in test/bench/peers/bullmq");
  npm(["ci", "--ignore-scripts", "--prefix", BULLMQ], envWithFirst(node));
}

function installedVersion() {
  try {
    const file = join(BULLMQ, "node_modules/bullmq/package.json");
    return JSON.parse(readFileSync(file, "utf8")).version;
  } catch {
    return undefined;
  }
}
