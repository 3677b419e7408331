// Runs programs as children that end together with their script.

import { spawn } from "node:child_process";

const PARENT_CHECK_MS = 250;
/** One Ctrl-C may arrive twice, from the terminal and from npm. A later one is a second Ctrl-C. */
const SAME_SIGNAL_MS = 1_000;

/**
 * Calls `then` when npm has ended. npm sends its SIGTERM to the shell that runs this script, and the shell does not pass it
 * on.
 * @param {() => void} then
 */
function onParentEnd(then) {
  if (!process.env.npm_lifecycle_event) return;
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    then();
  }, PARENT_CHECK_MS).unref();
}

/**
 * Waits for the program to end, also after signals: Ctrl-C in a terminal reaches both.
 * @param {string} node
 * @param {readonly string[]} args
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<number>} its exit code
 */
export function runChild(node, args, env) {
  const child = spawn(node, args, { stdio: "inherit", env });
  const signals = /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"]);
  for (const signal of signals) process.on(signal, () => child.kill(signal));
  onParentEnd(() => child.kill("SIGTERM"));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (code) => resolve(code ?? 1));
  });
}

/**
 * Runs the server in a process group of its own, so that Ctrl-C in a terminal reaches it only through this process, and
 * once. This process ends after the server, with its exit code.
 * @param {string} node
 * @param {readonly string[]} args
 * @param {NodeJS.ProcessEnv} env
 */
export function runServer(node, args, env) {
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
