// npm packages, exactly as package-lock.json names them.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { npm } from "./npm.mjs";
import { envWithFirst, ROOT } from "./places.mjs";
import { announce } from "./step.mjs";

/**
 * npm writes what it installed beside what it installed, so comparing the two tells what is
 * missing or outdated, whoever installed it.
 * @param {{ dev: boolean, node: string }} options `node`: the binary that will run the packages
 */
export function ensureDependencies({ dev, node }) {
  const wanted = packagesOf(join(ROOT, "package-lock.json"));
  const installed = packagesOf(join(ROOT, "node_modules/.package-lock.json"));
  const missing = Object.entries(wanted).filter(
    ([path, entry]) =>
      path !== "" &&
      !entry.optional &&
      !entry.devOptional &&
      (dev || !entry.dev) &&
      installed[path]?.version !== entry.version,
  );
  if (missing.length === 0) return;
  // Whoever has development packages keeps them when the others must be renewed.
  const all = dev || Object.values(installed).some((entry) => entry.dev);
  const args = all ? ["ci"] : ["ci", "--omit=dev"];
  announce(`${missing.length} npm packages`, `npm ${args.join(" ")}`);
  npm(args, envWithFirst(node));
}

/**
 * @param {string} file
 * @returns {Record<string, { version?: string, dev?: boolean, optional?: boolean, devOptional?: boolean }>}
 */
function packagesOf(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8")).packages ?? {};
  } catch {
    return {}; // nothing is installed yet
  }
}
