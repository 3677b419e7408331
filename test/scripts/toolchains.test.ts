// What set-up does where there are no tools of a client's language, and what it does not set up.

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, expect, test } from "vitest";

const SETUP = resolve(import.meta.dirname, "../../scripts/setup");
/** Without programs, and without Cargo in its home. */
const nowhere = mkdtempSync(join(tmpdir(), "dlq-no-tools-"));
afterAll(() => rmSync(nowhere, { recursive: true }));

/** What the expression of a module of scripts/setup gives on a machine that has nothing. */
function evaluated(module: string, expression: string, env: NodeJS.ProcessEnv = {}) {
  const url = JSON.stringify(join(SETUP, `${module}.mjs`));
  const code = `import * as it from ${url}; console.log(JSON.stringify(${expression}));`;
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    ["--input-type=module", "-e", code],
    { env: { PATH: nowhere, HOME: nowhere, ...env }, encoding: "utf8" },
  );
  return { value: stdout === "" ? undefined : JSON.parse(stdout), stderr, status };
}

test("a machine without a language's tools leaves its tests out, in a line that says how to get them", () => {
  const { value, stderr } = evaluated("toolchains", `it.ensureToolchains(["java", "rust"])`);
  expect(value).toEqual(["java", "rust"]);
  expect(stderr.trimEnd().split("\n")).toEqual([
    expect.stringMatching(/^Java's tests are left out\. .*JDK 17.*apt-get install openjdk-17/),
    expect.stringMatching(/^Rust's tests are left out\. .*Cargo 1\.88.*rustup\.rs/),
  ]);
});

test("CI leaves nothing out", () => {
  const { stderr, status } = evaluated("toolchains", `it.ensureToolchains(["rust"])`, { CI: "1" });
  expect(status).not.toBe(0);
  expect(stderr).toContain("SetupError: The Rust client needs Cargo");
});

test.each([
  ["[]", ["go", "java", "rust"], true],
  [`["test/core"]`, [], false],
  [`["test/contract", "-t", "a name"]`, ["go", "java", "rust"], true],
  [`["test/clients/java"]`, ["java"], false],
  [`["-t", "a name"]`, ["go", "java", "rust"], true],
])("npm test with %s asks for what it needs only", (args, languages, agents) => {
  expect(evaluated("needs", `it.needsOf(${args})`).value).toEqual({ languages, agents });
});
