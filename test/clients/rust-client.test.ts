// The Rust client: its own tests on a real server, its documents, and what its community's tools say of
// it.

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
// One after another: they share a folder of what is built.
it.for([
  ["rustfmt has nothing to change", ["fmt", "--check"]],
  ["clippy has nothing to say", ["clippy", ...ALL, "--all-targets", "--", "-D", "warnings"]],
  ["its tests pass, and what its documents show", ["test", ...ALL]],
  ["its documents have no broken links", ["doc", ...ALL, "--no-deps"]],
] as const)("%s", DEADLINE, async ([, args]) => {
  const { code, output } = await cargo(...args);
  expect(code, output).toBe(0);
});

it("compiles with the oldest Rust that it says", DEADLINE, async ({ skip }) => {
  const manifest = readFileSync(join(CRATE, "Cargo.toml"), "utf8");
  const oldest = /^rust-version = "(.+)"$/m.exec(manifest)?.[1] ?? "";
  const install = ["toolchain", "install", oldest, "--profile", "minimal", "--no-self-update"];
  const installed = await runRustTool("rustup", install, CRATE);
  // As with a language whose tools are missing: CI has them all.
  if (installed.code === "ENOENT" && process.env.CI === undefined) skip("rustup is not installed");
  expect(installed.code, `rustup can't install Rust ${oldest}:\n${installed.output}`).toBe(0);
  const features = ["--no-default-features", "--features", "testing,opentelemetry"];
  const check = ["run", oldest, "cargo", "check", "--locked", ...features];
  const { code, output } = await runRustTool("rustup", check, CRATE);
  expect(code, output).toBe(0);
  // Those that only other features need, too.
  const metadata = await cargo("metadata", ...ALL, "--format-version", "1", "--quiet");
  const { packages } = JSON.parse(metadata.output) as { packages: readonly Package[] };
  const younger = packages.filter(({ rust_version }) => isNewer(rust_version ?? "0", oldest));
  expect(younger.map(({ name, version }) => `${name} ${version}`)).toEqual([]);
});

interface Package {
  readonly name: string;
  readonly version: string;
  readonly rust_version: string | null;
}

function isNewer(one: string, other: string): boolean {
  const [minor, than] = [one, other].map((version) => Number(version.split(".")[1] ?? 0));
  return (minor ?? 0) > (than ?? 0); // all are 1.x
}
