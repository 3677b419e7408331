// `npm start`: sets up what is missing, then runs the server on it. With `DLQ_SETUP=off` it only
// looks. Arguments go to the server: `npm start -- --help`.

import { spawn } from "node:child_process";
import { join } from "node:path";
import { onParentEnd } from "./setup/child.mjs";
import { ensureDependencies } from "./setup/dependencies.mjs";
import { ensureNode } from "./setup/node-runtime.mjs";
import { ROOT } from "./setup/places.mjs";
import { ensureRedisServer, needsRedisServer } from "./setup/redis-server.mjs";
import { withWords } from "./setup/step.mjs";

/** One Ctrl-C reaches us up to twice, from the terminal and from npm; a second one is meant. */
const SAME_SIGNAL_MS = 1_000;

await withWords(() => {
  const args = process.argv.slice(2);
  const node = ensureNode();
  ensureDependencies({ dev: false, node });
  const env = { ...process.env };
  if (needsRedisServer(args)) env.DLQ_REDIS_SERVER = ensureRedisServer();
  runServer(node, [join(ROOT, "src/main.ts"), "serve", ...args], env);
});

/**
 * The server gets a process group of its own, so that the terminal's Ctrl-C reaches it only
 * through here, exactly once, and this process ends when the server has drained, as it ended.
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
    child.kill(signal === "SIGHUP" ? "SIGTERM" : signal); // a closed terminal is an orderly end
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
