// The npm packages of package-lock.json.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { npm } from "./npm.mjs";
import { envWithFirst, ROOT } from "./places.mjs";
import { announce } from "./step.mjs";

/**
 * Installs packages that are missing or outdated, by the list that npm writes into node_modules.
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
  // Development packages that are installed are kept.
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
