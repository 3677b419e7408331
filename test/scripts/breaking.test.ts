// The check for breaking changes, with the real buf on a small repository of its own.

import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";

const ROOT = resolve(import.meta.dirname, "../..");
const PATH = [join(ROOT, "node_modules/.bin"), process.env.PATH].join(delimiter);

let repo: string;
beforeEach(async () => {
  repo = await mkdtemp(join(tmpdir(), "dlq-breaking-"));
  await git("init", "--quiet", "--initial-branch=main");
});
afterEach(() => rm(repo, { recursive: true }));

async function git(...args: string[]): Promise<string> {
  const who = ["-c", "user.name=t", "-c", "user.email=t@localhost", "-c", "commit.gpgsign=false"];
  return (await promisify(execFile)("git", [...who, ...args], { cwd: repo })).stdout.trim();
}

async function commit(): Promise<string> {
  await git("add", ".");
  await git("commit", "--quiet", "--allow-empty", "-m", "one");
  return await git("rev-parse", "HEAD");
}

async function writeContract(fields: string): Promise<void> {
  await mkdir(join(repo, "proto/a/v1"), { recursive: true });
  await writeFile(join(repo, "buf.yaml"), "version: v2\nmodules: [{ path: proto }]\n");
  const file = `syntax = "proto3";\npackage a.v1;\nmessage A { ${fields} }\n`;
  await writeFile(join(repo, "proto/a/v1/a.proto"), file);
}

interface Result {
  readonly ok: boolean;
  readonly output: string;
  readonly skipped?: string;
}

async function check(against = ""): Promise<Result> {
  const code = `
    import { checkBreaking } from ${JSON.stringify(join(ROOT, "scripts/checks/breaking.mjs"))};
    import { tryRun } from ${JSON.stringify(join(ROOT, "scripts/setup/step.mjs"))};
    console.log(JSON.stringify(checkBreaking(([command, ...args]) => tryRun(command, args))));`;
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["--input-type=module", "-e", code],
    { cwd: repo, env: { ...process.env, PATH, DLQ_TEST_BREAKING_AGAINST: against } },
  );
  return JSON.parse(stdout);
}

test("without an earlier commit, or a contract in it, there is nothing to compare", async () => {
  await writeFile(join(repo, "README.md"), "");
  await commit();
  expect((await check()).skipped).toBe("no earlier commit here");
  await writeContract("string name = 1;");
  await commit();
  expect((await check()).skipped).toMatch(/no contract in/);
});

test("a field may be added; one that is gone is found, committed or not", async () => {
  await writeContract("string name = 1;");
  await commit();
  await writeContract("string name = 1; string more = 2;");
  await commit();
  expect(await check()).toEqual({ ok: true, output: "" });
  await writeContract("string more = 2;");
  const found = await check();
  expect(found.ok).toBe(false);
  expect(found.output).toContain('field "1" with name "name"');
  await commit();
  expect((await check()).ok).toBe(false);
});

test("a branch is compared with where it left origin's, however many commits ago", async () => {
  await writeContract("string name = 1;");
  const landed = await commit();
  await writeContract("string other = 2;");
  await commit();
  await commit();
  expect((await check()).ok).toBe(true); // the commit before this one has the same contract
  expect((await check(landed)).ok).toBe(false);
  await git("update-ref", "refs/remotes/origin/main", landed);
  expect((await check()).ok).toBe(false);
});
