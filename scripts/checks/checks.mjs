// What must hold beside the tests. Each counts as one test.

import { delimiter, join } from "node:path";
import { ROOT } from "../setup/places.mjs";
import { tryRun } from "../setup/step.mjs";
import { checkBreaking } from "./breaking.mjs";
import { checkGenerated } from "./generated.mjs";
import { checkLua } from "./lua.mjs";

/** @typedef {{ ok: boolean, output: string, skipped?: string }} CheckResult */

/**
 * Runs all checks, prints one line each and the output of those that fail.
 * @param {NodeJS.ProcessEnv} env
 * @param {readonly string[]} leftOut languages that this machine has no tools of
 * @returns {{ passed: number, failed: number }} a check with nothing to check is neither
 */
export function runChecks(env, leftOut) {
  const PATH = `${join(ROOT, "node_modules/.bin")}${delimiter}${env.PATH}`;
  const run = (/** @type {readonly string[]} */ [command = "", ...args]) =>
    tryRun(command, args, { cwd: ROOT, env: { ...env, PATH } });

  /** @type {readonly (readonly [string, () => CheckResult])[]} */
  const checks = [
    ["format and lint", () => run(["biome", "ci", "--colors=off", "--diagnostic-level=warn"])],
    ["types", () => run(["tsc", "-p", "."])],
    ["lua", () => checkLua(run)],
    ["buf lint", () => run(["buf", "lint"])],
    ["buf breaking", () => checkBreaking(run)],
    ["generated code", () => checkGenerated(run, leftOut)],
  ];

  const count = { passed: 0, failed: 0 };
  for (const [name, check] of checks) {
    const startedAtMs = performance.now();
    const { ok, output, skipped } = check();
    const seconds = ((performance.now() - startedAtMs) / 1000).toFixed(1);
    const outcome = skipped === undefined ? (ok ? "ok" : "FAILED") : `skipped: ${skipped}`;
    process.stdout.write(`${name.padEnd(16)} ${seconds.padStart(5)} s  ${outcome}\n`);
    if (!ok) process.stdout.write(`${output}\n`);
    if (skipped === undefined) count[ok ? "passed" : "failed"] += 1;
  }
  return count;
}
