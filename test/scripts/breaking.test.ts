// The check for breaking changes, on a small contract.

import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";

const ROOT = resolve(import.meta.dirname, "../..");
const PATH = [join(ROOT, "node_modules/.bin"), process.env.PATH].join(delimiter);

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "dlq-breaking-"));
});
afterEach(() => rm(root, { recursive: true }));

async function writeContract(fields: string): Promise<void> {
  await mkdir(join(root, "proto/a/v1"), { recursive: true });
  await writeFile(join(root, "buf.yaml"), "version: v2\nmodules: [{ path: proto }]\n");
  const file = `syntax = "proto3";\npackage a.v1;\nmessage A { ${fields} }\n`;
  await writeFile(join(root, "proto/a/v1/a.proto"), file);
}

interface Result {
  readonly ok: boolean;
  readonly output: string;
}

async function check(): Promise<Result> {
  const code = `
    import { checkBreaking } from ${JSON.stringify(join(ROOT, "scripts/checks/breaking.mjs"))};
    import { tryRun } from ${JSON.stringify(join(ROOT, "scripts/setup/step.mjs"))};
    console.log(JSON.stringify(checkBreaking(([command, ...args]) => tryRun(command, args))));`;
  const { stdout } = await run(process.execPath, ["--input-type=module", "-e", code]);
  return JSON.parse(stdout);
}

/** Like `npm run release:contract`. */
async function release(): Promise<void> {
  await run("buf", ["build", "proto", "--exclude-source-info", "-o", "proto/released.binpb"]);
}

function run(command: string, args: readonly string[]) {
  return promisify(execFile)(command, args, { cwd: root, env: { ...process.env, PATH } });
}

test("a new field is compatible; a removed field fails with advice", async () => {
  await writeContract("string name = 1;");
  await release();
  await writeContract("string name = 1; string more = 2;");
  expect(await check()).toMatchObject({ ok: true });
  await writeContract("string more = 2;");
  const found = await check();
  expect(found.ok).toBe(false);
  expect(found.output).toContain('field "1" with name "name"');
  expect(found.output).toContain("A released field or value stays");
});

test("the check fails without a release", async () => {
  await writeContract("string name = 1;");
  expect((await check()).ok).toBe(false);
});
