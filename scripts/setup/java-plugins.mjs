// What generates the stubs of the Java client: protoc and its plugin for gRPC, into .runtime/bin.

import { createHash } from "node:crypto";
import { chmodSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isInstalled, markInstalled } from "./installed.mjs";
import { RUNTIME_BIN } from "./places.mjs";
import { announce, SetupError } from "./step.mjs";

const REPOSITORY = "https://repo.maven.apache.org/maven2";

/** Of the same versions as in clients/java/pom.xml: stubs must not be newer than their library. */
const TOOLS = {
  protoc: { group: "com/google/protobuf", version: "4.36.2" },
  "protoc-gen-grpc-java": { group: "io/grpc", version: "1.82.2" },
};

/** As Maven's repository calls what Node calls `linux-x64`. */
const PLATFORMS = {
  "linux-x64": "linux-x86_64",
  "linux-arm64": "linux-aarch_64",
  "darwin-x64": "osx-x86_64",
  "darwin-arm64": "osx-aarch_64",
};

/** The plugins of clients/java/buf.gen.yaml. They need no Java. */
export async function ensureJavaPlugins() {
  for (const [name, { group, version }] of Object.entries(TOOLS)) {
    if (isInstalled(name, version)) continue;
    const key = /** @type {keyof typeof PLATFORMS} */ (`${process.platform}-${process.arch}`);
    const file = `${name}-${version}-${PLATFORMS[key]}.exe`;
    const url = `${REPOSITORY}/${group}/${name}/${version}/${file}`;
    announce(name, `${url}, into .runtime/bin`);
    await fetchProgram(url, join(RUNTIME_BIN, name));
    markInstalled(name, version);
  }
}

/** @param {string} url @param {string} path */
async function fetchProgram(url, path) {
  const [program, sum] = await Promise.all([bytesOf(url), bytesOf(`${url}.sha1`)]);
  const isWhole = createHash("sha1").update(program).digest("hex") === sum.toString().slice(0, 40);
  if (!isWhole) throw new SetupError(`${url} does not have the checksum that its repository says.`);
  mkdirSync(RUNTIME_BIN, { recursive: true });
  const part = `${path}.${process.pid}`;
  writeFileSync(part, program);
  chmodSync(part, 0o755);
  renameSync(part, path); // never half a program, whoever else sets up
}

/** @param {string} url */
async function bytesOf(url) {
  const answer = await fetch(url).catch((error) => {
    throw new SetupError(`${url} can't be fetched: ${error.cause?.message ?? error.message}.`);
  });
  if (!answer.ok) throw new SetupError(`${url} can't be fetched: HTTP status ${answer.status}.`);
  return Buffer.from(await answer.arrayBuffer());
}
