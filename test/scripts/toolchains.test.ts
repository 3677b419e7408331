// How `npm test` behaves on a machine without the tools of a language.

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, expect, test } from "vitest";

const TOOLCHAINS = resolve(import.meta.dirname, "../../scripts/setup/toolchains.mjs");
/** A home without programs, and without Cargo. */
const empty = mkdtempSync(join(tmpdir(), "dlq-no-tools-"));
afterAll(() => rmSync(empty, { recursive: true }));

/** Calls `ensureToolchains` in a process that finds no programs. */
function ensureToolchains(languages: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const code = `import { ensureToolchains } from ${JSON.stringify(TOOLCHAINS)};
    console.log(JSON.stringify(ensureToolchains(${JSON.stringify(languages)})));`;
  const args = ["--input-type=module", "-e", code];
  const { stdout, stderr, status } = spawnSync(process.execPath, args, {
    env: { PATH: empty, HOME: empty, ...env },
    encoding: "utf8",
  });
  return { leftOut: stdout === "" ? undefined : JSON.parse(stdout), stderr, status };
}

test("a missing toolchain leaves its tests out, and a line says how to install it", () => {
  const { leftOut, stderr } = ensureToolchains(["java", "rust"]);
  expect(leftOut).toEqual(["java", "rust"]);
  expect(stderr.trimEnd().split("\n")).toEqual([
    expect.stringMatching(/^Java's tests are left out\. .*JDK 17.*apt-get install openjdk-17/),
    expect.stringMatching(/^Rust's tests are left out\. .*Cargo 1\.88.*rustup\.rs/),
  ]);
});

test("in CI a missing toolchain is an error", () => {
  const { stderr, status } = ensureToolchains(["rust"], { CI: "1" });
  expect(status).not.toBe(0);
  expect(stderr).toContain("SetupError: The Rust client needs Cargo");
});
