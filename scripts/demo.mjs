// `npm run demo`: sets up what is missing, then shows the service at work on a shop that fails.
// `npm run demo -- --help` tells what there is.

import { spawn } from "node:child_process";
import { join } from "node:path";
import { ensureDependencies } from "./setup/dependencies.mjs";
import { ensureNode } from "./setup/node-runtime.mjs";
import { ROOT } from "./setup/places.mjs";
import { ensureRedisServer } from "./setup/redis-server.mjs";
import { withWords } from "./setup/step.mjs";

const PARENT_LOOK_MS = 250;
const MAIN = join(ROOT, "examples/demo/main.ts");

await withWords(async () => {
  const args = process.argv.slice(2);
  const node = ensureNode();
  ensureDependencies({ dev: false, node });
  const env = { ...process.env };
  const onlyLooks = args.some((arg) => ["--help", "-h"].includes(arg));
  if (!onlyLooks) env.DLQ_REDIS_SERVER = ensureRedisServer();
  process.exitCode = await runDemo(node, args, env);
});

/**
 * The demo hears a terminal's Ctrl-C too, and ends what it has started; this waits for that.
 * @param {string} node
 * @param {readonly string[]} args
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<number>}
 */
function runDemo(node, args, env) {
  const child = spawn(node, [MAIN, ...args], { stdio: "inherit", env });
  const signals = /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"]);
  for (const signal of signals) process.on(signal, () => child.kill(signal));
  if (process.env.npm_lifecycle_event) {
    // npm hands SIGTERM to the shell that it put between us, which ends without a word.
    const parent = process.ppid;
    setInterval(() => process.ppid === parent || child.kill("SIGTERM"), PARENT_LOOK_MS).unref();
  }
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (code) => resolve(code ?? 1));
  });
}
