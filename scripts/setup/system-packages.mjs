// Packages of the system. They are installed only for root on a system with apt, such as a container. In a terminal, only
// after a question.

import { closeSync, openSync, readSync } from "node:fs";
import { inPath } from "./places.mjs";
import { announce, run, SetupError, tryRun } from "./step.mjs";

export function mayInstallPackages() {
  return process.getuid?.() === 0 && inPath("apt-get") !== undefined;
}

/** @param {string} what @param {readonly string[]} names */
export function installPackages(what, names) {
  const install = ["install", "-y", "--no-install-recommends", ...names];
  const command = `apt-get install ${names.join(" ")}`;
  announce(what, command);
  if (!confirmed(`Run ${command} as root?`)) {
    throw new SetupError(`${what}: missing, and not installed. Install it yourself: ${command}`);
  }
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  if (tryRun("apt-get", install, { env }).ok) return;
  // A new image has no package lists, or old ones.
  run("apt-get", ["update"], { env });
  run("apt-get", install, { env });
}

/** Elsewhere than in a terminal nobody can answer, and the announced step is run. @param {string} question */
function confirmed(question) {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return true;
  process.stderr.write(`${question} [y/N] `);
  const answer = Buffer.alloc(64);
  const terminal = openSync("/dev/tty", "r");
  try {
    const length = readSync(terminal, answer);
    return /^\s*y(es)?\s*$/i.test(answer.toString("utf8", 0, length));
  } finally {
    closeSync(terminal);
  }
}
