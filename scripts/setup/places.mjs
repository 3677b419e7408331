// Folders. Set-up writes into node_modules and .runtime only, which git ignores, and may install packages of the system.

import { accessSync, constants, statSync } from "node:fs";
import { delimiter, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

// Not import.meta.dirname: early releases of Node 20 do not have it.
export const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
export const RUNTIME = join(ROOT, ".runtime");
export const RUNTIME_BIN = join(RUNTIME, "bin");

/** @param {string} path */
export function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/**
 * The full path of a program in PATH.
 * @param {string} name
 * @returns {string | undefined}
 */
export function inPath(name) {
  const folders = (process.env.PATH ?? "").split(delimiter).filter((folder) => folder !== "");
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

/** @param {string} file @returns {NodeJS.ProcessEnv} with the folder of `file` first in PATH */
export function envWithFirst(file) {
  const path = process.env.PATH;
  return { ...process.env, PATH: path ? `${dirname(file)}${delimiter}${path}` : dirname(file) };
}
