// A JDK and Maven, for the Java client.

import { inPath } from "./places.mjs";
import { SetupError, tryRun } from "./step.mjs";
import { installPackages, mayInstallPackages } from "./system-packages.mjs";

const LEAST_MAJOR = 17;
const PACKAGES = ["openjdk-17-jdk-headless", "maven"];

/** @throws {SetupError} */
export function ensureJava() {
  if (!isInstalled() && mayInstallPackages()) installPackages("Java", PACKAGES);
  if (isInstalled()) return;
  throw new SetupError(`The Java client needs a JDK ${LEAST_MAJOR} or newer, and Maven:
  Debian, Ubuntu   sudo apt-get install ${PACKAGES.join(" ")}
  Fedora           sudo dnf install java-17-openjdk-devel maven
  macOS            brew install openjdk@17 maven`);
}

function isInstalled() {
  if (inPath("mvn") === undefined || inPath("javac") === undefined) return false;
  const major = /javac (\d+)/.exec(tryRun("javac", ["-version"]).stdout)?.[1];
  return Number(major ?? 0) >= LEAST_MAJOR;
}
