// The Rust client: its own tests with a real server, its documentation, rustfmt and clippy.

import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, it } from "vitest";
import { findRedisServer } from "../support/redis.ts";
import { runRustTool } from "../support/rust.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const CRATE = join(ROOT, "clients/rust");
const DEADLINE = { timeout: 610_000 };

const cargo = (...args: string[]) =>
  runRustTool("cargo", args, CRATE, {
    DLQ_REDIS_SERVER: findRedisServer(),
    DLQ_SERVER_COMMAND: `${process.execPath} ${join(ROOT, "src/main.ts")}`,
    RUSTDOCFLAGS: "-D warnings",
  });

const ALL = ["--locked", "--all-features"];
// One after another: they share a target folder.
it.for([
  ["rustfmt changes nothing", ["fmt", "--check"]],
  ["clippy finds nothing", ["clippy", ...ALL, "--all-targets", "--", "-D", "warnings"]],
  ["its tests and the examples of its documentation pass", ["test", ...ALL]],
  ["its documentation has no broken links", ["doc", ...ALL, "--no-deps"]],
] as const)("%s", DEADLINE, async ([, args]) => {
  const { code, output } = await cargo(...args);
  expect(code, output).toBe(0);
});

it("compiles with its minimum Rust version", DEADLINE, async ({ skip }) => {
  const manifest = readFileSync(join(CRATE, "Cargo.toml"), "utf8");
  const minimum = /^rust-version = "(.+)"$/m.exec(manifest)?.[1] ?? "";
  const install = ["toolchain", "install", minimum, "--profile", "minimal", "--no-self-update"];
  const installed = await runRustTool("rustup", install, CRATE);
  // CI has the tools of each language.
  if (installed.code === "ENOENT" && process.env.CI === undefined) skip("rustup is not installed");
  expect(installed.code, `rustup can't install Rust ${minimum}:\n${installed.output}`).toBe(0);
  const features = ["--no-default-features", "--features", "testing,opentelemetry"];
  const check = ["run", minimum, "cargo", "check", "--locked", ...features];
  const { code, output } = await runRustTool("rustup", check, CRATE);
  expect(code, output).toBe(0);
  // Also the dependencies of other features.
  const metadata = await cargo("metadata", ...ALL, "--format-version", "1", "--quiet");
  const { packages } = JSON.parse(metadata.output) as { packages: readonly Package[] };
  const newer = packages.filter(({ rust_version }) => isNewer(rust_version ?? "0", minimum));
  expect(newer.map(({ name, version }) => `${name} ${version}`)).toEqual([]);
});

interface Package {
  readonly name: string;
  readonly version: string;
  readonly rust_version: string | null;
}

/** Compares versions 1.x. */
function isNewer(version: string, other: string): boolean {
  const minorOf = (text: string) => Number(text.split(".")[1] ?? 0);
  return minorOf(version) > minorOf(other);
}
