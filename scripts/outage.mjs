// `npm run outage`: sets up what is missing, then takes the service away from its clients for ten minutes,
// and fails when anything is lost or doubled. `npm run outage -- --help` tells what there is.

import { join } from "node:path";
import { runChild } from "./setup/child.mjs";
import { ensureDependencies } from "./setup/dependencies.mjs";
import { ensureNode } from "./setup/node-runtime.mjs";
import { envWithFirst, ROOT } from "./setup/places.mjs";
import { ensurePython } from "./setup/python.mjs";
import { ensureRedisServer } from "./setup/redis-server.mjs";
import { withWords } from "./setup/step.mjs";

const MAIN = join(ROOT, "test/outage/main.ts");

await withWords(async () => {
  const args = process.argv.slice(2);
  const node = ensureNode();
  ensureDependencies({ dev: true, node });
  const env = envWithFirst(node);
  const onlyLooks = args.some((arg) => ["--help", "-h"].includes(arg));
  if (!onlyLooks) {
    env.DLQ_REDIS_SERVER = ensureRedisServer();
    env.DLQ_PYTHON = ensurePython();
  }
  process.exitCode = await runChild(node, [MAIN, ...args], env);
});
