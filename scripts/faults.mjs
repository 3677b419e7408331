// `npm run test:faults`: sets up what the fault suite needs, and runs it. `-- --help` tells more.

import { join } from "node:path";
import { runChild } from "./setup/child.mjs";
import { ensureDependencies } from "./setup/dependencies.mjs";
import { ensureNode } from "./setup/node-runtime.mjs";
import { envWithFirst, ROOT } from "./setup/places.mjs";
import { ensurePython } from "./setup/python.mjs";
import { ensureRedisServer } from "./setup/redis-server.mjs";
import { withWords } from "./setup/step.mjs";

await withWords(async () => {
  const args = process.argv.slice(2);
  const node = ensureNode();
  ensureDependencies({ dev: true, node });
  const env = {
    ...envWithFirst(node),
    DLQ_REDIS_SERVER: ensureRedisServer(),
    DLQ_PYTHON: ensurePython(),
  };
  process.exitCode = await runChild(node, [join(ROOT, "test/faults/main.ts"), ...args], env);
});
