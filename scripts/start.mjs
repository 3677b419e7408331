// `npm start`: sets up what is missing, then runs the server. With `DLQ_SETUP=off` it sets up nothing. Arguments go to the
// server: `npm start -- --help`.

import { join } from "node:path";
import { runServer } from "./setup/child.mjs";
import { ensureDependencies } from "./setup/dependencies.mjs";
import { ensureNode } from "./setup/node-runtime.mjs";
import { ROOT } from "./setup/places.mjs";
import { ensureRedisServer, needsRedisServer } from "./setup/redis-server.mjs";
import { runScript } from "./setup/step.mjs";

await runScript(() => {
  const args = process.argv.slice(2);
  const node = ensureNode();
  ensureDependencies({ dev: false, node });
  const env = { ...process.env };
  if (needsRedisServer(args)) env.DLQ_REDIS_SERVER = ensureRedisServer();
  runServer(node, [join(ROOT, "src/main.ts"), "serve", ...args], env);
});
