// Packages of the system, with a small program instead of apt-get.

import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { beforeEach, expect, onTestFinished, test } from "vitest";

const SETUP = resolve(import.meta.dirname, "../../scripts/setup");
const hasTerminals = spawnSync("script", ["--version"], { encoding: "utf8" }).status === 0;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "dlq-apt-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const calls = join(folder, "calls");
  await writeFile(join(folder, "apt-get"), `#!/bin/sh\necho "$@" >> ${calls}\n`, { mode: 0o755 });
  await writeFile(
    join(folder, "install.mjs"),
    `import { installPackages } from "${SETUP}/system-packages.mjs";
     import { runScript } from "${SETUP}/step.mjs";
     await runScript(() => installPackages("redis-server", ["redis-tools"]));`,
  );
});
const program = () => [process.execPath, join(folder, "install.mjs")];
const env = () => ({ PATH: `${folder}:${process.env.PATH}` });
const calls = async () =>
  existsSync(join(folder, "calls")) ? await readFile(join(folder, "calls"), "utf8") : "";

test("without a terminal they are announced and installed", async () => {
  const [node = "", script = ""] = program();
  const { status, stderr } = spawnSync(node, [script], { env: env(), encoding: "utf8" });
  expect({ status, stderr }).toEqual({
    status: 0,
    stderr: "Setting up redis-server: apt-get install redis-tools\n",
  });
  expect(await calls()).toBe("install -y --no-install-recommends redis-tools\n");
});

test.runIf(hasTerminals).each([
  ["y", 0, "install -y --no-install-recommends redis-tools\n"],
  ["n", 1, ""],
  ["", 1, ""],
])("in a terminal the answer %j counts", async (answer, status, called) => {
  const child = spawn("script", ["-qec", program().join(" "), "/dev/null"], {
    env: { ...env(), SHELL: "/bin/sh" },
    stdio: ["pipe", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => {
    // The answer comes after the question: the terminal would echo it before.
    if (!output.includes("[y/N]") && (output + chunk).includes("[y/N]"))
      child.stdin.write(`${answer}\n`);
    output += chunk;
  });
  const [code] = await once(child, "close");
  expect(output).toContain("Run apt-get install redis-tools as root? [y/N]");
  expect(code).toBe(status);
  expect(await calls()).toBe(called);
});
