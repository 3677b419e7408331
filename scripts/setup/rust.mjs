// Cargo, which builds and tests the Rust client, and the plugins of `buf generate` that write its
// stubs, built into .runtime/bin.

import { mkdirSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { isInstalled, markInstalled } from "./installed.mjs";
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

/** @throws {SetupError} */
export function ensureRust() {
  if (inPath("cargo") !== undefined || isExecutable(OF_RUSTUP)) return;
  throw new SetupError(
    "The Rust client needs Cargo 1.88 or newer: https://rustup.rs has it, and " +
      "`rustup toolchain install stable` brings it up to date.",
  );
}

/** The plugins of clients/rust/buf.gen.yaml. */
export function ensureRustPlugins() {
  for (const [name, version] of Object.entries(PLUGINS)) {
    if (isInstalled(name, version)) continue;
    ensureRust();
    announce(name, `cargo install ${name}@${version}, into .runtime/bin`);
    mkdirSync(RUNTIME_BIN, { recursive: true });
    const env = withCargo({ ...process.env, CARGO_TARGET_DIR: join(RUNTIME, "rust-plugins") });
    const source = ["--locked", "--force", "--root", RUNTIME, `${name}@${version}`];
    // A plugin runs for a moment: it need not be fast, only built soon.
    run("cargo", ["install", "--quiet", "--debug", "--no-track", ...source], { env });
    markInstalled(name, version);
  }
}
