// Runs vitest and counts from its own report, since its exit code counts nothing.

import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { ROOT, RUNTIME } from "../setup/places.mjs";

const REPORT = join(RUNTIME, "vitest.json");

/**
 * @param {string} node
 * @param {readonly string[]} args of vitest
 * @param {NodeJS.ProcessEnv} env
 * @returns {{ passed: number, failed: number }}
 */
export function runTests(node, args, env) {
  mkdirSync(RUNTIME, { recursive: true });
  rmSync(REPORT, { force: true });
  const vitest = join(ROOT, "node_modules/vitest/vitest.mjs");
  const reporters = [
    ...["--reporter=default", "--reporter=json", `--outputFile.json=${REPORT}`],
    `--reporter=${join(ROOT, "test/contract/table-reporter.ts")}`, // prints only what it is about
  ];
  const leftOut = (env.DLQ_TEST_LEFT_OUT ?? "").split(",").filter((language) => language !== "");
  const excluded = leftOut.map((language) => `--exclude=test/clients/${language}*.test.ts`);
  const { status } = spawnSync(node, [vitest, "run", ...reporters, ...excluded, ...args], {
    cwd: ROOT,
    env,
    stdio: "inherit",
  });
  const count = countOf(REPORT);
  // Something outside all tests went wrong, or there is no report at all.
  if (status !== 0 && count.failed === 0) count.failed = 1;
  return count;
}

/** @typedef {{ status: string, assertionResults: { status: string }[] }} FileReport */

/** @param {string} file */
function countOf(file) {
  let report;
  try {
    report = JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return { passed: 0, failed: 0 };
  }
  // A file that could not be loaded or prepared has no failed test of its own; it counts as one.
  const broken = report.testResults.filter(
    (/** @type {FileReport} */ { status, assertionResults }) =>
      status === "failed" && assertionResults.every((test) => test.status !== "failed"),
  );
  return { passed: report.numPassedTests, failed: report.numFailedTests + broken.length };
}
