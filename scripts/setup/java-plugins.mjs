// What generates the stubs of the Java client: protoc and its plugin for gRPC, into .runtime/bin.

import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { isInstalled, markInstalled } from "./installed.mjs";
import { ensureJava } from "./java.mjs";
import { RUNTIME, RUNTIME_BIN } from "./places.mjs";
import { announce, run, SetupError } from "./step.mjs";

/** Of the same versions as in clients/java/pom.xml: stubs must not be newer than their library. */
const TOOLS = {
  protoc: { group: "com.google.protobuf", version: "4.36.2" },
  "protoc-gen-grpc-java": { group: "io.grpc", version: "1.82.2" },
};

/** As Maven's repository calls what Node calls `linux-x64`. */
const PLATFORMS = {
  "linux-x64": "linux-x86_64",
  "linux-arm64": "linux-aarch_64",
  "darwin-x64": "osx-x86_64",
  "darwin-arm64": "osx-aarch_64",
};

const COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy";

/** The plugins of clients/java/buf.gen.yaml. Maven fetches them: it knows the machine's mirrors and proxies. */
export function ensureJavaPlugins() {
  for (const [name, { group, version }] of Object.entries(TOOLS)) {
    if (isInstalled(name, version)) continue;
    ensureJava();
    const artifact = `${group}:${name}:${version}:exe:${platform()}`;
    announce(name, `mvn dependency:copy of ${artifact}, into .runtime/bin`);
    fetchProgram(name, artifact);
    markInstalled(name, version);
  }
}

function platform() {
  const ours = /** @type {keyof typeof PLATFORMS} */ (`${process.platform}-${process.arch}`);
  const found = PLATFORMS[ours];
  if (found !== undefined) return found;
  throw new SetupError(`The stubs of the Java client can't be generated on ${ours}.`);
}

/** @param {string} name @param {string} artifact */
function fetchProgram(name, artifact) {
  mkdirSync(RUNTIME_BIN, { recursive: true });
  const folder = mkdtempSync(join(RUNTIME, "maven-"));
  try {
    const to = [`-Dartifact=${artifact}`, `-DoutputDirectory=${folder}`];
    run("mvn", ["-q", "-B", COPY, ...to]);
    const [, , version, , of] = artifact.split(":");
    const program = join(folder, name);
    copyFileSync(join(folder, `${name}-${version}-${of}.exe`), program);
    chmodSync(program, 0o755);
    renameSync(program, join(RUNTIME_BIN, name)); // never half a program, whoever else sets up
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
