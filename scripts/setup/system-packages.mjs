// Packages of the system. They are installed only for root on a system with apt, such as a container.

import { inPath } from "./places.mjs";
import { announce, run, tryRun } from "./step.mjs";

export function mayInstallPackages() {
  return process.getuid?.() === 0 && inPath("apt-get") !== undefined;
}

/** @param {string} what @param {readonly string[]} names */
export function installPackages(what, names) {
  const install = ["install", "-y", "--no-install-recommends", ...names];
  announce(what, `apt-get install ${names.join(" ")}`);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  if (tryRun("apt-get", install, { env }).ok) return;
  // A new image has no package lists, or old ones.
  run("apt-get", ["update"], { env });
  run("apt-get", install, { env });
}
