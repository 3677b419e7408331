import { execFileSync } from "node:child_process";
import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, expect, onTestFinished, test } from "vitest";
import { ReloadedFiles } from "../../src/serve/reloaded-files.ts";

let file: string;
let lines: { level: string; message: string; error?: string }[];
let used: string[];
beforeEach(async () => {
  const folder = await mkdtemp("/tmp/dlq-reloaded-");
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  file = join(folder, "file");
  lines = [];
  used = [];
});

const REFUSED = "files cannot be used; the previous ones stay in force";

/** Files with the content `first`; `settle` runs between two reads. */
async function follow(settle: () => Promise<void> = async () => {}): Promise<ReloadedFiles> {
  const write = (level: string) => (fields: object | string, message?: string) => {
    lines.push({ level, ...(fields as object), message: message ?? String(fields) });
  };
  const log = { info: write("info"), warn: write("warn") };
  const files = new ReloadedFiles({ log, settle });
  await writeFile(file, "first");
  const parse = ({ file }: { file: Buffer }) => file.toString();
  await files.add({
    ...{ name: "it", files: { file }, parse, use: (text: string) => used.push(text) },
    expireAtMs: (text) => text.length,
  });
  return files;
}

test("a file that is half written is used when it is whole", async () => {
  const files = await follow(() => writeFile(file, "second\nthird\n"));
  await writeFile(file, "second\n");
  await files.reload();
  expect(used).toEqual(["second\nthird\n"]);
});

test("a file that changes all the time is not used", async () => {
  let writes = 0;
  const files = await follow(() => writeFile(file, String(writes++)));
  await writeFile(file, "second");
  await files.reload();
  expect(used).toEqual([]);
  expect(lines).toMatchObject([{ message: REFUSED, error: "they change all the time" }]);
});

test("reloads that are asked for during one share one more", async () => {
  const waiting: Promise<void>[] = [];
  const files: ReloadedFiles = await follow(async () => {
    for (let n = 0; n < 100; n++) waiting.push(files.reload());
  });
  await writeFile(file, "second");
  await files.reload();
  await Promise.all(waiting);
  expect(waiting).toHaveLength(100);
  expect(used).toEqual(["second", "second"]);
});

test("files that cannot be used are reported until they can, with the expiry of those in force", async () => {
  const files = await follow();
  const state = (isUnusable: boolean, expireAtMs: number) => [
    { what: "it", isUnusable, expireAtMs },
  ];
  expect(files.states()).toEqual(state(false, "first".length));
  await rm(file);
  await files.reload();
  expect(files.states()).toEqual(state(true, "first".length));
  await writeFile(file, "the second");
  await files.reload();
  expect(files.states()).toEqual(state(false, "the second".length));
});

test("a pipe in the place of the file ends nothing, and the file may come back", async () => {
  const files = await follow();
  await rename(file, `${file}-before`);
  execFileSync("mkfifo", [file]);
  await files.reload();
  expect(lines).toMatchObject([
    { message: REFUSED, error: expect.stringMatching(/file: it is not a regular file$/) },
  ]);
  await rename(`${file}-before`, file);
  await files.reload();
  expect(used).toEqual(["first"]);
});
