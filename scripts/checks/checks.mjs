// What must hold beside the tests. Each check counts as one test.

import { delimiter, join } from "node:path";
import { envWithFirst, ROOT } from "../setup/places.mjs";
import { ensurePlugins } from "../setup/plugins.mjs";
import { ensurePython } from "../setup/python.mjs";
import { withCargo } from "../setup/rust.mjs";
import { tryRun } from "../setup/step.mjs";
import { ensureToolchains } from "../setup/toolchains.mjs";
import { checkBreaking } from "./breaking.mjs";
import { checkGenerated } from "./generated.mjs";
import { checkLua } from "./lua.mjs";

/** @typedef {{ ok: boolean, output: string, skipped?: string }} CheckResult */
/** @typedef {(command: readonly string[]) => CheckResult} Run */
/** @typedef {readonly (readonly [name: string, check: (run: Run) => CheckResult])[]} Checks */

/** @type {Checks} They need Node and, for Lua, luacheck. */
export const QUICK_CHECKS = [
  ["format and lint", (run) => run(["biome", "ci", "--colors=off", "--diagnostic-level=warn"])],
  ["types", (run) => run(["tsc", "-p", "."])],
  ["lua", checkLua],
  ["buf lint", (run) => run(["buf", "lint"])],
  ["buf breaking", checkBreaking],
];

/**
 * Runs checks, prints a line for each and the output of those that fail.
 * @param {Checks} checks
 * @param {string} node the binary that runs tools
 * @param {NodeJS.ProcessEnv} [more] of their environment
 * @returns {import("../tests/vitest.mjs").Count}
 */
export function runChecks(checks, node, more = {}) {
  const env = { ...withCargo(envWithFirst(node)), ...more };
  const PATH = `${join(ROOT, "node_modules/.bin")}${delimiter}${env.PATH}`;
  const run = (/** @type {readonly string[]} */ [command = "", ...args]) =>
    tryRun(command, args, { cwd: ROOT, env: { ...env, PATH } });
  /** @type {import("../tests/vitest.mjs").Count} */
  const count = { passed: 0, failed: 0, skipped: 0, failures: [] };
  for (const [name, check] of checks) {
    const startedAtMs = performance.now();
    const { ok, output, skipped } = check(run);
    const seconds = ((performance.now() - startedAtMs) / 1000).toFixed(1);
    const outcome = skipped === undefined ? (ok ? "ok" : "FAILED") : `skipped: ${skipped}`;
    process.stdout.write(`${name.padEnd(16)} ${seconds.padStart(5)} s  ${outcome}\n`);
    if (!ok) {
      process.stdout.write(`${output}\n`);
      count.failures.push(`check: ${name}`);
    }
    count[skipped === undefined ? (ok ? "passed" : "failed") : "skipped"] += 1;
  }
  return count;
}

/** Generated code is what would be generated now: this needs the plugins of all languages. @param {string} node */
export function runGeneratedCheck(node) {
  const leftOut = ensureToolchains();
  const DLQ_PYTHON = ensurePython();
  ensurePlugins(leftOut);
  return runChecks([["generated code", (run) => checkGenerated(run, leftOut)]], node, {
    DLQ_PYTHON,
  });
}
