// One step of setting up: it says what it does, runs a command quietly, and shows its output only
// when it fails. Everything goes to stderr, since stdout belongs to the server.

import { spawnSync } from "node:child_process";

/** What is missing, in words for whoever typed the command. Printed without a stack. */
export class SetupError extends Error {}

/** With `DLQ_SETUP=off` nothing is installed or written: things are only looked for. */
export const setupIsOff = process.env.DLQ_SETUP === "off";

/** How much of a failed command is shown: the end, where the reason mostly is. */
const OUTPUT_LINES = 60;

/**
 * Announces a step that changes something.
 * @param {string} what `npm packages`: what is being set up
 * @param {string} how the command or the place it comes from
 */
export function announce(what, how) {
  if (setupIsOff) {
    throw new SetupError(`${what}: missing, and DLQ_SETUP=off forbids to set it up (${how}).`);
  }
  process.stderr.write(`Setting up ${what}: ${how}\n`);
}

/**
 * Runs a command to its end and gives what it wrote to stdout.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, shell?: boolean }} [options]
 */
export function run(command, args, options = {}) {
  const result = tryRun(command, args, options);
  if (result.ok) return result.stdout;
  throw new SetupError(`${[command, ...args].join(" ")} failed:\n${result.output}`);
}

/**
 * Like `run`, for a command that may fail.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, shell?: boolean }} [options]
 */
export function tryRun(command, args, options = {}) {
  const result = spawnSync(command, args, {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    maxBuffer: 64 * 2 ** 20,
    ...options,
  });
  const said = result.error?.message ?? `${result.stdout}${result.stderr}`;
  const output = said.trimEnd().split("\n").slice(-OUTPUT_LINES).join("\n");
  return { ok: result.status === 0, stdout: result.stdout ?? "", output };
}

/**
 * Runs the main function of a script; what is missing becomes words and exit code 1.
 * @param {() => void | Promise<void>} main
 */
export async function withWords(main) {
  try {
    await main();
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    process.stderr.write(`\n${error.message}\n`);
    process.exitCode = 1;
  }
}
