// `npm run dlq-server -- COMMAND`: the server's program, on a Node that is recent enough.

import { join } from "node:path";
import { runChild, runServer } from "./setup/child.mjs";
import { ensureDependencies } from "./setup/dependencies.mjs";
import { ensureNode } from "./setup/node-runtime.mjs";
import { ROOT } from "./setup/places.mjs";
import { runScript } from "./setup/step.mjs";

await runScript(async () => {
  const node = ensureNode();
  ensureDependencies({ dev: false, node });
  const args = process.argv.slice(2);
  const program = [join(ROOT, "src/main.ts"), ...args];
  if (args[0] === "serve") runServer(node, program, process.env);
  else process.exitCode = await runChild(node, program, process.env);
});
