// Runs the short form of the fault suite and counts its faults as tests.

import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { ROOT, RUNTIME } from "../setup/places.mjs";

const COUNT = join(RUNTIME, "faults.json");
/** It fails by itself after 10 minutes if it comes to its end; this is for one that doesn't. */
const LIMIT_MS = 15 * 60_000;

/**
 * @param {string} node
 * @param {NodeJS.ProcessEnv} env
 * @returns {{ passed: number, failed: number }}
 */
export function runFaults(node, env) {
  mkdirSync(RUNTIME, { recursive: true });
  rmSync(COUNT, { force: true });
  const main = join(ROOT, "test/faults/main.ts");
  const { status } = spawnSync(node, [main, "--count", COUNT], {
    cwd: ROOT,
    env,
    stdio: "inherit",
    timeout: LIMIT_MS,
  });
  try {
    const { faults, problems } = JSON.parse(readFileSync(COUNT, "utf8"));
    return {
      passed: problems === 0 ? faults : 0,
      failed: Math.max(problems, status === 0 ? 0 : 1),
    };
  } catch {
    return { passed: 0, failed: 1 }; // it did not come to its end
  }
}
