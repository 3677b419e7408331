// Runs vitest on some files. test/support/progress-reporter.ts shows and counts.

import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { ROOT, RUNTIME } from "../setup/places.mjs";
import { keepFileTimes, TIMES } from "./times.mjs";

const REPORT = join(RUNTIME, "vitest.json");

/**
 * `failures`: a line for each failed test
 * @typedef {{ passed: number, failed: number, skipped: number, failures: string[] }} Count
 */

/**
 * @param {string} node
 * @param {readonly string[]} files relative to the project
 * @param {{ options: readonly string[], env: NodeJS.ProcessEnv, part: string, laterMs: number }} how
 *   `options`: of vitest; `laterMs`: what the parts after this one may take
 * @returns {Count}
 */
export function runVitest(node, files, { options, env, part, laterMs }) {
  mkdirSync(RUNTIME, { recursive: true });
  rmSync(REPORT, { force: true });
  const vitest = join(ROOT, "node_modules/vitest/vitest.mjs");
  const reporters = ["progress-reporter.ts", "../contract/table-reporter.ts"].map(
    (name) => `--reporter=${join(ROOT, "test/support", name)}`,
  );
  // Whole paths: vitest takes a filter as a part of a path.
  const paths = files.map((file) => join(ROOT, file));
  const { status } = spawnSync(node, [vitest, "run", ...reporters, ...options, ...paths], {
    cwd: ROOT,
    env: {
      ...env,
      ...(process.stdout.isTTY ? {} : { NO_COLOR: "1", FORCE_COLOR: undefined }),
      DLQ_TEST_REPORT: REPORT,
      DLQ_TEST_TIMES: TIMES,
      DLQ_TEST_PART: part,
      DLQ_TEST_LATER_MS: String(laterMs),
    },
    stdio: "inherit",
  });
  /** @type {Count} */
  const count = { passed: 0, failed: 0, skipped: 0, failures: [] };
  try {
    const { files: times, ...counted } = JSON.parse(readFileSync(REPORT, "utf8"));
    Object.assign(count, counted);
    keepFileTimes(times);
  } catch {
    // It did not come to its end.
  }
  if (status === 0 || count.failed > 0) return count;
  return { ...count, failed: 1, failures: [`${part}: vitest ended with ${status}`] };
}
