// A program that a command of ours runs for its user, and that ends with it.

import { spawn } from "node:child_process";

const PARENT_LOOK_MS = 250;

/**
 * npm hands SIGTERM to the shell that it put between us, and that shell ends without a word.
 * @param {() => void} then
 */
export function onParentEnd(then) {
  if (!process.env.npm_lifecycle_event) return;
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    then();
  }, PARENT_LOOK_MS).unref();
}

/**
 * A terminal's Ctrl-C reaches the program too, which ends what it has started; this waits for that.
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
