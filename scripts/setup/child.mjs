// Runs a program as a child that ends together with its script.

import { spawn } from "node:child_process";

const PARENT_CHECK_MS = 250;

/**
 * Calls `then` when npm has ended. npm sends its SIGTERM to the shell that runs this script, and the shell does not pass it
 * on.
 * @param {() => void} then
 */
export function onParentEnd(then) {
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
