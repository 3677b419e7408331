// Programs of ours in .runtime/bin. A stamp beside each names what it was made from, so that it is
// made again when another version is wanted.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isExecutable, RUNTIME_BIN } from "./places.mjs";

/** @param {string} name */
const stampOf = (name) => join(RUNTIME_BIN, `.${name}.version`);

/** @param {string} name @param {string} version of what it is made from */
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
