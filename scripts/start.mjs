// `npm start`: sets up what is missing, then runs the server. With `DLQ_SETUP=off` it sets up nothing. Arguments go to the
// server: `npm start -- --help`.

import { spawn } from "node:child_process";
import { join } from "node:path";
import { onParentEnd } from "./setup/child.mjs";
import { ensureDependencies } from "./setup/dependencies.mjs";
import { ensureNode } from "./setup/node-runtime.mjs";
import { ROOT } from "./setup/places.mjs";
import { ensureRedisServer, needsRedisServer } from "./setup/redis-server.mjs";
import { runScript } from "./setup/step.mjs";

/** One Ctrl-C may arrive twice, from the terminal and from npm. A later one is a second Ctrl-C. */
const SAME_SIGNAL_MS = 1_000;

await runScript(() => {
  const args = process.argv.slice(2);
  const node = ensureNode();
  ensureDependencies({ dev: false, node });
  const env = { ...process.env };
  if (needsRedisServer(args)) env.DLQ_REDIS_SERVER = ensureRedisServer();
  runServer(node, [join(ROOT, "src/main.ts"), "serve", ...args], env);
});

/**
 * Runs the server in a process group of its own, so that Ctrl-C in a terminal reaches it only through this process, and
 * once. This process ends after the server, with its exit code.
 * @param {string} node
 * @param {readonly string[]} args
 * @param {NodeJS.ProcessEnv} env
 */
function runServer(node, args, env) {
  const child = spawn(node, args, { stdio: "inherit", env, detached: true });
  const lastAtMs = new Map();
  /** @param {NodeJS.Signals} signal */
  const forward = (signal) => {
    const nowMs = performance.now();
    if (nowMs - (lastAtMs.get(signal) ?? Number.NEGATIVE_INFINITY) < SAME_SIGNAL_MS) return;
    lastAtMs.set(signal, nowMs);
    // A closed terminal stops the server in order. Elsewhere SIGHUP reloads files.
    child.kill(signal === "SIGHUP" && process.stdin.isTTY ? "SIGTERM" : signal);
  };
  const signals = /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"]);
  for (const signal of signals) process.on(signal, forward);
  onParentEnd(() => forward("SIGTERM"));
  child.on("error", (error) => {
    process.stderr.write(`Cannot run ${node}: ${error.message}\n`);
    process.exitCode = 1;
  });
  child.on("exit", (code, signal) => {
    for (const name of signals) process.off(name, forward);
    if (signal === null) process.exitCode = code ?? 1;
    else process.kill(process.pid, signal);
  });
}
