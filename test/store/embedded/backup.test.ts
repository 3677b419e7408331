// Backups of append-only files, without a server: what is copied, and what is refused.

import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, onTestFinished, test } from "vitest";
import { makeBackup, restoreBackup } from "../../../src/store/embedded/backup.ts";

const NOW = new Date("2026-01-31T18:00:00Z");
const MANIFEST = [
  "file appendonly.aof.1.base.rdb seq 1 type h",
  "file appendonly.aof.2.base.rdb seq 2 type b",
  "file appendonly.aof.2.incr.aof seq 2 type i",
  "",
].join("\n");

let root: string;
let data: string;
beforeEach(() => {
  root = mkdtempSync("/tmp/dlq-backup-");
  onTestFinished(() => rmSync(root, { recursive: true }));
  data = join(root, "data");
  mkdirSync(join(data, "appendonlydir"), { recursive: true });
  writeFileSync(inData("appendonly.aof.manifest"), MANIFEST);
  writeFileSync(inData("appendonly.aof.1.base.rdb"), "old");
  writeFileSync(inData("appendonly.aof.2.base.rdb"), "base");
  writeFileSync(inData("appendonly.aof.2.incr.aof"), "changes");
  writeFileSync(join(data, "redis.json"), "of this server");
});

const inData = (name: string) => join(data, "appendonlydir", name);

const make = () => makeBackup(data, join(root, "backup"), NOW);
const restore = () => restoreBackup(join(root, "backup"), join(root, "restored"));

test("has the files in use, and is restored as they were", async () => {
  const { time, files } = await make();
  expect(time).toBe("2026-01-31T18:00:00.000Z");
  expect(files.map(({ name, bytes }) => [name, bytes])).toEqual([
    ["appendonly.aof.2.base.rdb", 4],
    ["appendonly.aof.2.incr.aof", 7],
    ["appendonly.aof.manifest", expect.any(Number)],
  ]);
  expect(statSync(join(root, "backup")).mode & 0o777).toBe(0o700);
  // What is written later is not in it.
  appendFileSync(inData("appendonly.aof.2.incr.aof"), "later");
  await restore();
  const restored = join(root, "restored/appendonlydir");
  expect(readdirSync(join(root, "restored"))).toEqual(["appendonlydir"]);
  expect(readFileSync(join(restored, "appendonly.aof.2.incr.aof"), "utf8")).toBe("changes");
  expect(readFileSync(join(restored, "appendonly.aof.manifest"), "utf8")).toBe(
    MANIFEST.split("\n").slice(1).join("\n"),
  );
});

test("a changed or incomplete backup is refused, and nothing is restored", async () => {
  await make();
  const file = join(root, "backup/appendonlydir/appendonly.aof.2.incr.aof");
  writeFileSync(file, "chAnges");
  await expect(restore()).rejects.toThrow("was changed");
  writeFileSync(file, "changes");
  rmSync(join(root, "backup/backup.json"));
  await expect(restore()).rejects.toThrow("no complete backup");
  expect(readdirSync(root)).not.toContain("restored");
});

test("folders with files are refused, and a folder without data", async () => {
  await make();
  await expect(make()).rejects.toThrow("has files");
  await expect(restoreBackup(join(root, "backup"), data)).rejects.toThrow("has files");
  await expect(makeBackup(root, join(root, "other"), NOW)).rejects.toThrow("--data-dir");
});

test("a file that the manifest names and that is gone ends in an error, not in a part of the data", async () => {
  rmSync(inData("appendonly.aof.2.incr.aof"));
  await expect(make()).rejects.toThrow("Try again");
});
