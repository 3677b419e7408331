// Runs the short form of the fault suite. Each fault counts as a test.

import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { ROOT, RUNTIME } from "../setup/places.mjs";
import { setUp } from "./tools.mjs";

const MAIN = "test/faults/main.ts";
const COUNT = join(RUNTIME, "faults.json");
/** Ends a run that hangs. */
const LIMIT_MS = 40 * 60_000;

/**
 * @param {string} node
 * @returns {import("./vitest.mjs").Count}
 */
export function runFaults(node) {
  const { env } = setUp(node, [MAIN]);
  mkdirSync(RUNTIME, { recursive: true });
  rmSync(COUNT, { force: true });
  const { status } = spawnSync(node, [join(ROOT, MAIN), "--count", COUNT], {
    cwd: ROOT,
    env,
    stdio: "inherit",
    timeout: LIMIT_MS,
  });
  try {
    const { faults, problems } = JSON.parse(readFileSync(COUNT, "utf8"));
    const failed = Math.max(problems, status === 0 ? 0 : 1);
    const failures = failed === 0 ? [] : [`fault suite: ${problems} problems; see above`];
    return { passed: problems === 0 ? faults : 0, failed, skipped: 0, failures };
  } catch {
    return { passed: 0, failed: 1, skipped: 0, failures: ["fault suite: it broke off"] };
  }
}
