// Which tools a test file needs. A tool is found by one module of test/support or the like; a file
// that imports it, directly or through others, needs the tool. So `npm test -- test/core` sets up
// no Python and builds nothing.

import { existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { ROOT } from "../setup/places.mjs";

/** @typedef {"python" | "go" | "rust" | "java" | "grpcurl" | "promtool" | "nats-server" | "oldest-node" | "agents"} Tool */

/** The module that finds each tool. @type {Readonly<Record<string, Tool>>} */
const FOUND_BY = {
  "test/support/python.ts": "python",
  "test/support/go.ts": "go",
  "test/support/rust.ts": "rust",
  "test/support/grpcurl.ts": "grpcurl",
  "test/support/promtool.ts": "promtool",
  "test/support/nats.ts": "nats-server",
  "test/contract/agent-program.ts": "agents",
};

/** Tests that find a tool themselves. @type {readonly (readonly [RegExp, Tool])[]} */
const BY_NAME = [
  [/^test\/clients\/java\b/, "java"],
  [/^test\/clients\/(?:typescript\/|cli-)package\b/, "oldest-node"],
  [/^test\/e2e\/entry\b/, "oldest-node"],
  [/^test\/outage\/outage\b/, "python"], // it runs main.ts
  [/^test\/(?:clients\/python-client|docs\/migrate|faults\/main|bench\/bench)\b/, "nats-server"],
];

/** Imports of values: those of types load nothing. */
const IMPORT = /^(?:import|export) (?!type )[^;]*?from "(\.[^"]+)";|^import "(\.[^"]+)";/gm;

/**
 * @param {readonly string[]} files relative to the project
 * @returns {ReadonlySet<Tool>}
 */
export function needsOf(files) {
  const named = BY_NAME.filter(([pattern]) => files.some((file) => pattern.test(file)));
  const tools = new Set(named.map(([, tool]) => tool));
  const seen = new Set(files);
  for (const file of seen) {
    const tool = FOUND_BY[file];
    if (tool !== undefined) tools.add(tool);
    // What builds agents finds their languages itself.
    if (tool !== "agents") for (const imported of importsOf(file)) seen.add(imported);
  }
  return tools;
}

/** @param {string} file @returns {string[]} */
function importsOf(file) {
  const path = join(ROOT, file);
  if (!/\.m?ts$/.test(file) || !existsSync(path)) return [];
  const imports = [...readFileSync(path, "utf8").matchAll(IMPORT)];
  return imports.map(([, from, plain]) =>
    resolve(dirname(path), from ?? plain ?? "").slice(ROOT.length + 1),
  );
}
