// Programs in .runtime/bin. A stamp beside each has its version, so that another version is installed again.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isExecutable, RUNTIME_BIN } from "./places.mjs";

/** @param {string} name */
const stampOf = (name) => join(RUNTIME_BIN, `.${name}.version`);

export function isInstalled(name, version) {
  return isExecutable(join(RUNTIME_BIN, name)) && textOf(stampOf(name)) === version;
}

/** @param {string} name @param {string} version */
export function markInstalled(name, version) {
  writeFileSync(stampOf(name), version);
}

/** @param {string} file */
function textOf(file) {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}
