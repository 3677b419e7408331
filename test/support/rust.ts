// Cargo, as all tests call it: what is built is shared, so that each part is compiled once.

import { execFile } from "node:child_process";
import { resolve } from "node:path";

/** What agents and the client's tests are built in; test/contract/agents/rust/agent.json has the same. */
export const RUST_TARGET = resolve(import.meta.dirname, "../../.runtime/rust");

const ENVIRONMENT = {
  CARGO_TARGET_DIR: RUST_TARGET,
  // Nobody debugs here: what is built is a third of the size, in half the time.
  CARGO_PROFILE_DEV_DEBUG: "0",
  CARGO_INCREMENTAL: "0",
  CARGO_TERM_COLOR: "never",
};

export interface ToolResult {
  /** 0, or why not. */
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
  const options = { cwd, env, timeout: 600_000, maxBuffer: 2 ** 26 };
  return new Promise((done) => {
    execFile(command, args, options, (error, out, err) => {
      done({ code: error === null ? 0 : (error.code ?? error.signal), output: `${out}\n${err}` });
    });
  });
}
