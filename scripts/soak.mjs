// `npm run soak`: sets up what is missing, then runs one server under load for a while, and fails when
// anything grows that should not. `npm run soak -- --help` tells what there is.

import { join } from "node:path";
import { runChild } from "./setup/child.mjs";
import { ensureDependencies } from "./setup/dependencies.mjs";
import { ensureNode } from "./setup/node-runtime.mjs";
import { ROOT } from "./setup/places.mjs";
import { ensureRedisServer } from "./setup/redis-server.mjs";
import { withWords } from "./setup/step.mjs";

const MAIN = join(ROOT, "test/soak/main.ts");

await withWords(async () => {
  const args = process.argv.slice(2);
  const node = ensureNode();
  ensureDependencies({ dev: true, node });
  const env = { ...process.env };
  const onlyLooks = args.some((arg) => ["--help", "-h"].includes(arg));
  if (!onlyLooks) env.DLQ_REDIS_SERVER = ensureRedisServer();
  process.exitCode = await runChild(node, [MAIN, ...args], env);
});
