// The agents of all languages, which tests, the fault suite and the bench run: built here, once.

import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { ROOT } from "./places.mjs";
import { SetupError } from "./step.mjs";

const BUILD = join(ROOT, "test/contract/build-agents.ts");

/**
 * @param {string} node @param {NodeJS.ProcessEnv} env
 * @returns {Record<string, string>} what tells tests that they are built
 */
export function buildAgents(node, env) {
  const { status } = spawnSync(node, [BUILD], { cwd: ROOT, env, stdio: "inherit" });
  if (status !== 0) throw new SetupError("Not every agent could be built: see above.");
  return { DLQ_AGENTS_BUILT: "1" };
}
