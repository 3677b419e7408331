// Steps of the set-up. A step prints a line, runs a command, and shows its output only if it fails. All goes to stderr:
// stdout belongs to the server.

import { spawnSync } from "node:child_process";

/** Something is missing. The message says what to do; it is printed without a stack. */
export class SetupError extends Error {}

/** With `DLQ_SETUP=off` nothing is installed or written; what is missing is an error. */
export const setupIsOff = process.env.DLQ_SETUP === "off";

/** Lines of a failed command's output that are shown: its end. */
const OUTPUT_LINES = 60;

/**
 * Announces a step that changes something.
 * @param {string} what such as `npm packages`
 * @param {string} how the command, or where it comes from
 * @throws {SetupError} with `DLQ_SETUP=off`
 */
export function announce(what, how) {
  if (setupIsOff) {
    throw new SetupError(`${what}: missing, and DLQ_SETUP=off forbids setting it up (${how}).`);
  }
  process.stderr.write(`Setting up ${what}: ${how}\n`);
}

/**
 * Runs a command to its end and returns its stdout. @throws {SetupError} if it fails
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
 * Like `run`, but never throws.
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
  const text = result.error?.message ?? `${result.stdout}${result.stderr}`;
  const output = text.trimEnd().split("\n").slice(-OUTPUT_LINES).join("\n");
  return { ok: result.status === 0, stdout: result.stdout ?? "", output };
}

/**
 * Runs the main function of a script. Prints a SetupError, and sets exit code 1.
 * @param {() => void | Promise<void>} main
 */
export async function runScript(main) {
  try {
    await main();
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    process.stderr.write(`\n${error.message}\n`);
    process.exitCode = 1;
  }
}
