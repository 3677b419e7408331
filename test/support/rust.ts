// Cargo for all tests: they share a target folder, so that each crate is compiled once.

import { execFile } from "node:child_process";
import { resolve } from "node:path";

/** The target folder; test/contract/agents/rust/agent.json has the same. */
export const RUST_TARGET = resolve(import.meta.dirname, "../../.runtime/rust");

const ENVIRONMENT = {
  CARGO_TARGET_DIR: RUST_TARGET,
  // Without debug information the build takes half the time and a third of the space.
  CARGO_PROFILE_DEV_DEBUG: "0",
  CARGO_INCREMENTAL: "0",
  CARGO_TERM_COLOR: "never",
};

export interface ToolResult {
  /** 0, an exit code, or an error code. */
  readonly code: unknown;
  readonly output: string;
}

/** Never rejects. */
export function runRustTool(
  command: "cargo" | "rustup",
  args: readonly string[],
  cwd: string,
  more: NodeJS.ProcessEnv = {},
): Promise<ToolResult> {
  const env = { ...process.env, ...ENVIRONMENT, ...more };
  const options = { cwd, env, timeout: 1_200_000, maxBuffer: 2 ** 26 };
  return new Promise((done) => {
    execFile(command, args, options, (error, out, err) => {
      done({ code: error === null ? 0 : (error.code ?? error.signal), output: `${out}\n${err}` });
    });
  });
}
