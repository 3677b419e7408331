// `npm run dlq -- COMMAND`: the command line of the service, on a Node that is recent enough.

import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { ensureDependencies } from "./setup/dependencies.mjs";
import { ensureNode } from "./setup/node-runtime.mjs";
import { ROOT } from "./setup/places.mjs";
import { runScript } from "./setup/step.mjs";

await runScript(() => {
  const node = ensureNode();
  ensureDependencies({ dev: false, node });
  const args = [join(ROOT, "src/main.ts"), ...process.argv.slice(2)];
  const { status, error } = spawnSync(node, args, { stdio: "inherit" });
  if (error !== undefined) throw error;
  process.exitCode = status ?? 1;
});
