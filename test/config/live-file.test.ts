import { execFileSync } from "node:child_process";
import { chmod, mkdir, mkdtemp, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, expect, onTestFinished, test } from "vitest";
import { isPublic, readLiveFile, readLiveFileSync } from "../../src/config/live-file.ts";

let file: string;
beforeEach(async () => {
  const folder = await mkdtemp("/tmp/dlq-live-file-");
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  file = join(folder, "tokens");
});

async function refused(path: string, why: RegExp): Promise<void> {
  await expect(readLiveFile(path)).rejects.toThrow(why);
  expect(() => readLiveFileSync(path)).toThrow(why);
}

async function read(path: string): Promise<string> {
  const content = await readLiveFile(path);
  expect(readLiveFileSync(path)).toEqual(content);
  return content.toString();
}

test("a file is read through the links of a Kubernetes mount", async () => {
  const mount = `${file}-mount`;
  await mkdir(join(mount, "..2030"), { recursive: true });
  await writeFile(join(mount, "..2030", "tokens"), "content", { mode: 0o644 });
  await symlink("..2030", join(mount, "..data"));
  await symlink("..data/tokens", join(mount, "tokens"));
  expect(await read(join(mount, "tokens"))).toBe("content");
});

test("a pipe is refused at once, and so are devices and folders", async () => {
  execFileSync("mkfifo", [file]);
  await refused(file, /it is not a regular file/);
  await refused("/dev/zero", /it is not a regular file/);
  await refused("/tmp", /it is not a regular file/);
});

test("a file of more than 1 MiB is refused before it is read", async () => {
  await writeFile(file, "x");
  await truncate(file, 1024 * 1024);
  expect(await read(file)).toHaveLength(1024 * 1024);
  await truncate(file, 100 * 1024 ** 3);
  await refused(file, /it is larger than 1048576 bytes/);
});

test("a file that every user can write is refused; its group may", async () => {
  await writeFile(file, "content");
  await chmod(file, 0o664);
  expect(await read(file)).toBe("content");
  await chmod(file, 0o602);
  await refused(file, /every user of the machine can write to it; run chmod o-w/);
});

test("a file is public if every user can read it", async () => {
  await writeFile(file, "content");
  await chmod(file, 0o640);
  expect(isPublic(file)).toBe(false);
  await chmod(file, 0o604);
  expect(isPublic(file)).toBe(true);
});

test("a file that is absent is refused with its name", () => refused(file, /ENOENT.*tokens/));
