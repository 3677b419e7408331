// A JDK and Maven, which build and test the Java client, and the libraries that Maven fetches for it.

import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { inPath, ROOT, RUNTIME } from "./places.mjs";
import { announce, run, SetupError, tryRun } from "./step.mjs";
import { installPackages, mayInstallPackages } from "./system-packages.mjs";

const LEAST_MAJOR = 17;
const PACKAGES = ["openjdk-17-jdk-headless", "maven"];
const AGENT = join(ROOT, "test/contract/agents/java");
const POMS = [
  join(ROOT, "clients/java/pom.xml"),
  join(AGENT, "pom.xml"),
  join(AGENT, "agent/pom.xml"),
];

export function ensureJava() {
  if (!isThere() && mayInstallPackages()) installPackages("Java", PACKAGES);
  if (!isThere()) {
    throw new SetupError(`The Java client needs a JDK ${LEAST_MAJOR} or newer, and Maven:
  Debian, Ubuntu   sudo apt-get install ${PACKAGES.join(" ")}
  Fedora           sudo dnf install java-17-openjdk-devel maven
  macOS            brew install openjdk@17 maven`);
  }
  ensureLibraries();
}

/** All at once and here: a scenario that waits for downloads would fail by its deadline. */
function ensureLibraries() {
  const stamp = join(RUNTIME, "java-libraries");
  const wanted = createHash("sha256");
  for (const pom of POMS) wanted.update(readFileSync(pom));
  const version = wanted.digest("hex");
  if (textOf(stamp) === version) return;
  announce("libraries of the Java client", "mvn package in test/contract/agents/java");
  run("mvn", ["-q", "-B", "-Ddlq.build=target/contract", "-DskipTests", "package"], { cwd: AGENT });
  mkdirSync(RUNTIME, { recursive: true });
  writeFileSync(stamp, version);
}

function isThere() {
  if (inPath("mvn") === undefined || inPath("javac") === undefined) return false;
  const major = /javac (\d+)/.exec(tryRun("javac", ["-version"]).stdout)?.[1];
  return Number(major ?? 0) >= LEAST_MAJOR;
}

/** @param {string} file */
function textOf(file) {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}
