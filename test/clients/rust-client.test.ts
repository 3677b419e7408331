// The Rust client: its own tests on a real server, its documents, and what its community's tools say of
// it.

import { execFile } from "node:child_process";
import { join, resolve } from "node:path";
import { expect, it } from "vitest";
import { findRedisServer } from "../support/redis.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const CRATE = join(ROOT, "clients/rust");
const DEADLINE_MS = 600_000;

// One after another: they share a folder of what is built.
const FEATURES = ["--no-default-features", "--features", "testing,opentelemetry"];
const COMMANDS: readonly (readonly [string, readonly string[]])[] = [
  ["rustfmt has nothing to change", ["fmt", "--check"]],
  [
    "clippy has nothing to say",
    ["clippy", "--locked", "--all-targets", ...FEATURES, "--", "-D", "warnings"],
  ],
  ["its tests and the examples of its documents pass", ["test", "--locked", ...FEATURES]],
  ["its documents have no broken links", ["doc", "--locked", "--no-deps", ...FEATURES]],
];

it.for(COMMANDS)("%s", { timeout: DEADLINE_MS + 10_000 }, async ([, args]) => {
  const { code, output } = await cargo(args);
  expect(code, output).toBe(0);
});

function cargo(args: readonly string[]): Promise<{ code: unknown; output: string }> {
  const env = {
    ...process.env,
    CARGO_TARGET_DIR: join(ROOT, ".runtime/rust"),
    CARGO_TERM_COLOR: "never",
    DLQ_REDIS_SERVER: findRedisServer(),
    DLQ_SERVER_COMMAND: `${process.execPath} ${join(ROOT, "src/main.ts")}`,
    RUSTDOCFLAGS: "-D warnings",
  };
  return new Promise((done) => {
    execFile(
      "cargo",
      args,
      { cwd: CRATE, env, timeout: DEADLINE_MS, maxBuffer: 2 ** 24 },
      (error, out, err) => {
        done({ code: error === null ? 0 : (error.code ?? error.signal), output: `${out}\n${err}` });
      },
    );
  });
}
