// What `buf generate` runs to write the stubs of the clients, into .runtime/bin. The plugins of
// TypeScript and Python come with the packages of npm and pip; Maven fetches those of Java at each build.

import { ensureGoPlugins } from "./go-tools.mjs";
import { ensureRustPlugins } from "./rust.mjs";

/** By the language whose stubs they write. @type {Readonly<Record<string, () => void>>} */
const PLUGINS = { go: ensureGoPlugins, rust: ensureRustPlugins };

/** @param {readonly string[]} leftOut languages whose stubs are not written here */
export function ensurePlugins(leftOut = []) {
  for (const [language, ensure] of Object.entries(PLUGINS)) {
    if (!leftOut.includes(language)) ensure();
  }
}
