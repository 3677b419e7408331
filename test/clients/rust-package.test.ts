// What a new user of the Rust client does: the packed crate in an empty project, and the README's
// programs on a running server.

import { execFile, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, expect, it } from "vitest";
import { startTestServer } from "../support/server.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const CRATE = join(ROOT, "clients/rust");
const BUILT = join(ROOT, ".runtime/rust");
const DEADLINE_MS = 600_000;

const folder = mkdtempSync(join(tmpdir(), "dlq-rust-package-"));
afterAll(() => rmSync(folder, { recursive: true }));

const env = { ...process.env, CARGO_TARGET_DIR: BUILT };
const run = (command: string, args: readonly string[], cwd: string) =>
  promisify(execFile)(command, args, { cwd, env, timeout: DEADLINE_MS, maxBuffer: 2 ** 24 });

/** The program of the README's block of that name. */
function program(name: string, target: string): string {
  const readme = readFileSync(join(CRATE, "README.md"), "utf8");
  const block = new RegExp(`^\`\`\`rust no_run ${name}\\n([^]*?)^\`\`\``, "m").exec(readme)?.[1];
  if (block === undefined) throw new Error(`the README has no program ${name}`);
  return block.replace("http://localhost:50051", `http://${target}`);
}

it("works from its crate in an empty project", { timeout: DEADLINE_MS + 10_000 }, async () => {
  const server = await startTestServer();
  try {
    await run("cargo", ["package", "--locked", "--no-verify", "--allow-dirty", "--quiet"], CRATE);
    await run("tar", ["-xzf", join(BUILT, "package/dlq-client-0.1.0.crate")], folder);
    const shop = join(folder, "shop");
    mkdirSync(join(shop, "src/bin"), { recursive: true });
    writeFileSync(join(shop, "Cargo.toml"), MANIFEST);
    writeFileSync(join(shop, "src/bin/producer.rs"), program("producer", server.grpcAddress));
    writeFileSync(join(shop, "src/bin/worker.rs"), program("worker", server.grpcAddress));
    await run("cargo", ["build", "--quiet"], shop);
    const { stdout } = await run(join(BUILT, "debug/producer"), [], shop);
    expect(stdout).toMatch(
      /^Sent\(Stored \{ id: "[0-9a-f-]{36}", state: Scheduled, reason: Timeout/,
    );
    expect(await firstLine(join(BUILT, "debug/worker"))).toBe(
      'attempt 1 {"amount":100,"id":"order-42"}',
    );
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
dlq-client = { path = "../dlq-client-0.1.0", default-features = false }
serde_json = "1"
tokio = { version = "1", features = ["macros", "rt-multi-thread", "signal"] }
`;

/** What a program says first; then it is asked to end, and must. */
async function firstLine(command: string): Promise<string> {
  const child = spawn(command, { stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise((done) => child.once("close", done));
  let said = "";
  for await (const piece of child.stdout) {
    said += String(piece);
    if (said.includes("\n")) break;
  }
  child.kill("SIGINT");
  expect(await ended).toBe(0);
  return said.slice(0, said.indexOf("\n"));
}
