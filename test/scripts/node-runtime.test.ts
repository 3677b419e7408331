// The download of a Node binary, on a copy of the scripts and with a small program instead of npm.

import { spawnSync } from "node:child_process";
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { expect, onTestFinished, test } from "vitest";

const ROOT = resolve(import.meta.dirname, "../..");

/** Writes each command line to a file, and an archive that is not the released one. */
const NPM = `
  const { appendFileSync, writeFileSync } = require("node:fs");
  const args = process.argv.slice(2);
  appendFileSync(process.env.CALLS, args[0] + "\\n");
  const to = args.indexOf("--pack-destination");
  if (to > 0) writeFileSync(args[to + 1] + "/node.tgz", "another program");`;

test.runIf(process.platform === "linux")(
  "an archive with another hash is not installed",
  async () => {
    const root = await mkdtemp(join(tmpdir(), "dlq-node-test-"));
    onTestFinished(() => rm(root, { recursive: true, force: true }));
    await cp(join(ROOT, "scripts"), join(root, "scripts"), { recursive: true });
    await cp(join(ROOT, "src/oldest-node.mjs"), join(root, "src/oldest-node.mjs"));
    await writeFile(join(root, "npm.js"), NPM);
    const script = `import { ensureOldestNode } from "./scripts/setup/node-runtime.mjs";
    import { runScript } from "./scripts/setup/step.mjs";
    await runScript(() => { ensureOldestNode(); });`;
    const calls = join(root, "calls");
    const { status, stderr } = spawnSync(
      process.execPath,
      ["--input-type=module", "--eval", script],
      { cwd: root, env: { npm_execpath: join(root, "npm.js"), CALLS: calls }, encoding: "utf8" },
    );
    expect(stderr).toMatch(/The archive of node-linux-.* is not the one that was released/);
    expect(status).toBe(1);
    expect(await readFile(calls, "utf8")).toBe("pack\n");
    expect((await readdir(root)).sort()).toEqual(["calls", "npm.js", "scripts", "src"]);
  },
);
