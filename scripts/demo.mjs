// `npm run demo`: sets up what is missing, then runs the demo. `npm run demo -- --help` lists its options.

import { join } from "node:path";
import { runChild } from "./setup/child.mjs";
import { ensureDependencies } from "./setup/dependencies.mjs";
import { ensureNatsServer } from "./setup/go-tools.mjs";
import { ensureNode } from "./setup/node-runtime.mjs";
import { ROOT } from "./setup/places.mjs";
import { ensureRedisServer } from "./setup/redis-server.mjs";
import { runScript } from "./setup/step.mjs";

const MAIN = join(ROOT, "examples/demo/main.ts");

await runScript(async () => {
  const args = process.argv.slice(2);
  const node = ensureNode();
  ensureDependencies({ dev: false, node });
  const env = { ...process.env };
  const isQuestion = args.some((arg) => ["--help", "-h"].includes(arg));
  if (!isQuestion) env.DLQ_REDIS_SERVER = ensureRedisServer();
  if (!isQuestion && needsNatsServer(args)) env.DLQ_NATS_SERVER = ensureNatsServer();
  process.exitCode = await runChild(node, [MAIN, ...args], env);
});

/** Reports whether `--nats` comes without a URL. @param {readonly string[]} args */
function needsNatsServer(args) {
  return args.some((arg, at) => arg === "--nats" && (args[at + 1] ?? "-").startsWith("-"));
}
