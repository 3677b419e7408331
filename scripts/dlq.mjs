// `npm run dlq -- config`: the command line of the service, on the Node that it needs.

import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { ensureDependencies } from "./setup/dependencies.mjs";
import { ensureNode } from "./setup/node-runtime.mjs";
import { ROOT } from "./setup/places.mjs";
import { withWords } from "./setup/step.mjs";

await withWords(() => {
  const node = ensureNode();
  ensureDependencies({ dev: false, node });
  const args = [join(ROOT, "src/main.ts"), ...process.argv.slice(2)];
  const { status, error } = spawnSync(node, args, { stdio: "inherit" });
  if (error !== undefined) throw error;
  process.exitCode = status ?? 1;
});
