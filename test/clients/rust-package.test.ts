// The packed crate in an empty project runs the README's programs against a server.

import { spawn } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, expect, it } from "vitest";
import { fence, readDocument } from "../docs/markdown.ts";
import { RUST_TARGET, runRustTool } from "../support/rust.ts";
import { startTestServer } from "../support/server.ts";

const CRATE = resolve(import.meta.dirname, "../../clients/rust");
const VERSION = /^version = "(.+)"$/m.exec(readFileSync(join(CRATE, "Cargo.toml"), "utf8"))?.[1];
const PACKED = `dlq-client-${VERSION}`;
const PROGRAMS = ["producer", "worker"] as const;
const DEADLINE_MS = 600_000;

const folder = mkdtempSync(join(tmpdir(), "dlq-rust-package-"));
afterAll(() => rmSync(folder, { recursive: true }));

async function cargo(cwd: string, ...args: string[]): Promise<void> {
  const { code, output } = await runRustTool("cargo", args, cwd);
  expect(code, output).toBe(0);
}

/** Returns an example without the marks of the part that other documents show. */
function exampleIn(crate: string, name: string): string {
  const lines = readFileSync(join(crate, "examples", `${name}.rs`), "utf8").split("\n");
  return `${lines
    .filter((line) => !/^\/\/(!| \[)/.test(line))
    .join("\n")
    .trim()}\n`;
}

it.for(PROGRAMS)("the README's %s equals the example", (name) => {
  expect(fence(readDocument("clients/rust/README.md"), `rust no_run ${name}`)).toBe(
    exampleIn(CRATE, name),
  );
});

it("the packed crate works in an empty project", { timeout: DEADLINE_MS + 10_000 }, async () => {
  const server = await startTestServer();
  try {
    const pack = ["package", "--locked", "--no-verify", "--allow-dirty", "--quiet"];
    await cargo(CRATE, ...pack);
    const crate = join(folder, PACKED);
    await unpack(join(RUST_TARGET, "package", `${PACKED}.crate`));
    const shop = join(folder, "shop");
    mkdirSync(join(shop, "src/bin"), { recursive: true });
    writeFileSync(join(shop, "Cargo.toml"), MANIFEST);
    // Otherwise newer dependencies would be built, too.
    copyFileSync(join(crate, "Cargo.lock"), join(shop, "Cargo.lock"));
    for (const name of PROGRAMS) {
      const text = exampleIn(crate, name).replace("localhost:50051", server.grpcAddress);
      writeFileSync(join(shop, "src/bin", `${name}.rs`), text);
    }
    await cargo(shop, "build", "--quiet");
    expect(await allOutput("producer")).toMatch(
      /^Sent\(Stored \{ id: "[0-9a-f-]{36}", state: Scheduled, reason: Timeout/,
    );
    expect(await firstLine("worker")).toBe('attempt 1 {"amount":100,"id":17}');
  } finally {
    await server.stop();
  }
});

const MANIFEST = `[package]
name = "shop"
version = "0.1.0"
edition = "2024"

[workspace]

[dependencies]
dlq-client = { path = "../${PACKED}", default-features = false }
serde_json = "1"
tokio = { version = "1", features = ["macros", "rt-multi-thread", "signal"] }
`;

const start = (command: string, args: readonly string[] = []) =>
  spawn(command, args, { cwd: folder, stdio: ["ignore", "pipe", "inherit"] });

async function unpack(file: string): Promise<void> {
  const child = start("tar", ["-xzf", file]);
  expect(await new Promise((done) => child.once("close", done))).toBe(0);
}

async function allOutput(program: string): Promise<string> {
  const child = start(join(RUST_TARGET, "debug", program));
  const ended = new Promise((done) => child.once("close", done));
  const output = (await child.stdout.toArray()).join("");
  expect(await ended).toBe(0);
  return output;
}

/** Returns the first line of a program, then stops it by SIGINT. */
async function firstLine(program: string): Promise<string> {
  const child = start(join(RUST_TARGET, "debug", program));
  const ended = new Promise((done) => child.once("close", done));
  let output = "";
  for await (const piece of child.stdout) {
    output += String(piece);
    if (output.includes("\n")) break;
  }
  child.kill("SIGINT");
  expect(await ended).toBe(0);
  return output.slice(0, output.indexOf("\n"));
}
