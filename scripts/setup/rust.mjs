// Cargo, for the Rust client, and the plugins that write its stubs, built into .runtime/bin.

import { mkdirSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { isInstalled, markInstalled } from "./installed.mjs";
import { inPath, isExecutable, RUNTIME, RUNTIME_BIN } from "./places.mjs";
import { announce, run, SetupError } from "./step.mjs";

/** For prost 0.14 and tonic 0.14: other versions write other code. */
const PLUGINS = { "protoc-gen-prost": "0.5.0", "protoc-gen-tonic": "0.5.0" };

const RUSTUP_CARGO = join(homedir(), ".cargo/bin/cargo");

/**
 * rustup adds its folder to the PATH of login shells only.
 * @param {NodeJS.ProcessEnv} env @returns {NodeJS.ProcessEnv} in which Cargo is found, if there is one
 */
export function withCargo(env) {
  if (inPath("cargo") !== undefined || !isExecutable(RUSTUP_CARGO)) return env;
  return { ...env, PATH: `${env.PATH}${delimiter}${dirname(RUSTUP_CARGO)}` };
}

/** @throws {SetupError} */
export function ensureRust() {
  if (inPath("cargo") !== undefined || isExecutable(RUSTUP_CARGO)) return;
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
    // A debug build takes less time, and a plugin runs only briefly.
    run("cargo", ["install", "--quiet", "--debug", "--no-track", ...source], { env });
    markInstalled(name, version);
  }
}
