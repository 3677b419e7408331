// Builds the agents of all languages, which tests, the fault suite and the bench run.

import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { ROOT } from "./places.mjs";
import { SetupError } from "./step.mjs";

const BUILD = join(ROOT, "test/contract/build-agents.ts");

/**
 * @param {string} node @param {NodeJS.ProcessEnv} env
 * @returns {Record<string, string>} for the environment of tests, which then build none
 */
export function buildAgents(node, env) {
  build(node, env, []);
  return { DLQ_TEST_AGENTS_BUILT: "1" };
}

/** An optimized build. @param {string} language @param {string} node @param {NodeJS.ProcessEnv} env */
export function buildBenchAgent(language, node, env) {
  build(node, env, ["--bench", language]);
}

/** @param {string} node @param {NodeJS.ProcessEnv} env @param {readonly string[]} args */
function build(node, env, args) {
  const { status } = spawnSync(node, [BUILD, ...args], { cwd: ROOT, env, stdio: "inherit" });
  if (status !== 0) throw new SetupError("An agent was not built: see the error above.");
}
