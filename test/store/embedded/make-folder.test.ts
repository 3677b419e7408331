import { chmod, mkdtemp, rm, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, expect, onTestFinished, test } from "vitest";
import { makeFolder } from "../../../src/store/embedded/make-folder.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp("/tmp/dlq-make-folder-");
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
});

const codeOf = (path: string) =>
  makeFolder(path).then(
    () => "made",
    (error: NodeJS.ErrnoException) => error.code,
  );

test("folders that are absent are made for this user alone; present ones stay as they are", async () => {
  await chmod(folder, 0o755);
  await makeFolder(join(folder, "a/b/c"));
  await makeFolder(join(folder, "a/b/c"));
  const modes = ["", "a", "a/b", "a/b/c"].map(
    async (part) => (await stat(join(folder, part))).mode & 0o777,
  );
  expect(await Promise.all(modes)).toEqual([0o755, 0o700, 0o700, 0o700]);
});

test("many that create one folder at the same time all succeed", async () => {
  for (let round = 0; round < 50; round++) {
    const parts = [`${round}/b/c`, `${round}`, `${round}/b`, `${round}/b/c/d`];
    const paths = [...parts, ...parts].map((part) => join(folder, part));
    await Promise.all(paths.map(makeFolder));
    expect((await stat(join(folder, `${round}/b/c/d`))).isDirectory()).toBe(true);
  }
});

test("a folder through a link is used", async () => {
  await makeFolder(join(folder, "target"));
  await symlink("target", join(folder, "link"));
  await makeFolder(join(folder, "link"));
  await makeFolder(join(folder, "link", "a"));
  expect((await stat(join(folder, "target", "a"))).isDirectory()).toBe(true);
});

test.runIf(process.platform === "linux")("/proc refuses at once", async () => {
  expect(await codeOf("/proc/x")).toBe("ENOENT");
  expect(await codeOf("/proc/x/y/z")).toBe("ENOENT");
});

test("a file, also above, and a link to nothing are refused", async () => {
  await writeFile(join(folder, "file"), "");
  await symlink("nothing", join(folder, "link"));
  expect(await codeOf(join(folder, "file"))).toBe("EEXIST");
  expect(await codeOf(join(folder, "file/a"))).toBe("ENOTDIR");
  expect(await codeOf(join(folder, "link"))).toBe("EEXIST");
});
