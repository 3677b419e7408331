// The plugins of `buf generate` that write the stubs of the Rust client, built into .runtime/bin.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { inPath, isExecutable, RUNTIME, RUNTIME_BIN } from "./places.mjs";
import { announce, run, SetupError } from "./step.mjs";

/** Those of prost 0.14 and tonic 0.14: other versions write other code. */
const PLUGINS = { "protoc-gen-prost": "0.5.0", "protoc-gen-tonic": "0.5.0" };

const OF_RUSTUP = join(homedir(), ".cargo/bin/cargo");

/**
 * rustup puts its folder into the PATH of login shells only.
 * @param {NodeJS.ProcessEnv} env @returns {NodeJS.ProcessEnv} in which Cargo is found, if there is one
 */
export function withCargo(env) {
  if (inPath("cargo") !== undefined || !isExecutable(OF_RUSTUP)) return env;
  return { ...env, PATH: `${env.PATH}${delimiter}${dirname(OF_RUSTUP)}` };
}

function checkCargo() {
  if (inPath("cargo") !== undefined || isExecutable(OF_RUSTUP)) return;
  throw new SetupError(
    "The Rust client needs Cargo 1.88 or newer: https://rustup.rs has it, and\n" +
      "`rustup toolchain install stable` brings it up to date.",
  );
}

/** Built again when another version is wanted than the one that a stamp beside it names. */
export function ensureRustPlugins() {
  for (const [name, version] of Object.entries(PLUGINS)) {
    const stamp = join(RUNTIME_BIN, `.${name}.version`);
    if (isExecutable(join(RUNTIME_BIN, name)) && text(stamp) === version) continue;
    announce(name, `cargo install ${name}@${version}, into .runtime/bin`);
    mkdirSync(RUNTIME_BIN, { recursive: true });
    checkCargo();
    const env = withCargo({ ...process.env, CARGO_TARGET_DIR: join(RUNTIME, "rust-plugins") });
    const source = ["--locked", "--force", "--root", RUNTIME, `${name}@${version}`];
    // A plugin runs for a moment: it need not be fast, only built soon.
    run("cargo", ["install", "--quiet", "--debug", "--no-track", ...source], { env });
    writeFileSync(stamp, version);
  }
}

/** @param {NodeJS.ProcessEnv} env @returns {NodeJS.ProcessEnv} in which buf finds the plugins */
export function withPlugins(env) {
  return { ...env, PATH: `${RUNTIME_BIN}${delimiter}${env.PATH}` };
}

/** @param {string} file */
function text(file) {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}
