// Advice after the end of a redis-server, from real ends of a real one.

import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { failureHint } from "../../../src/store/embedded/failure-hint.ts";
import { ask } from "../../../src/store/embedded/reply.ts";
import {
  launchServer,
  type ServerExit,
  type ServerProcess,
} from "../../../src/store/embedded/server-process.ts";
import { makeSmallDisk, maySmallDisk } from "../../faults/rig/small-disk.ts";
import { findRedisServer } from "../../support/redis.ts";
import { afterwards, dataFolder, until } from "./data-folder.ts";

async function launch(dataDir: string): Promise<ServerProcess> {
  const socketPath = join(dataDir, "redis.sock");
  return await launchServer(findRedisServer(), { dataDir, socketPath, maxMemoryBytes: 64 << 20 });
}

async function launchReady(dataDir: string): Promise<ServerProcess> {
  const server = await launch(dataDir);
  afterwards(async () => kill(server));
  await until(async () => (await command(dataDir, "PING")) === "PONG");
  return server;
}

const command = (dataDir: string, ...words: string[]) =>
  ask(join(dataDir, "redis.sock"), words, 5_000).catch(() => undefined);

function kill({ identity }: ServerProcess): void {
  try {
    process.kill(identity.pid, "SIGKILL");
  } catch {
    // It has ended.
  }
}

/** A folder with a base file, and commands in the incremental file. */
async function usedFolder(): Promise<string> {
  const dataDir = await dataFolder();
  const server = await launchReady(dataDir);
  for (let n = 0; n < 20; n++) await command(dataDir, "SET", `key${n}`, "value");
  kill(server);
  await server.exited;
  return dataDir;
}

async function fileOf(dataDir: string, ending: string): Promise<string> {
  const folder = join(dataDir, "appendonlydir");
  const name = (await readdir(folder)).find((one) => one.endsWith(ending));
  if (name === undefined) throw new Error(`no ${ending} in ${folder}`);
  return join(folder, name);
}

async function overwrite(file: string, from: number, text: string): Promise<void> {
  const bytes = await readFile(file);
  bytes.write(text, from);
  await writeFile(file, bytes);
}

const DAMAGES: readonly [name: string, (dataDir: string) => Promise<void>, advice: RegExp][] = [
  [
    "a damaged command",
    async (dir) => overwrite(await fileOf(dir, ".incr.aof"), 300, "XXXXXX"),
    /Copy the data folder first, then run "redis-check-aof --fix .*manifest".*lost.*To begin with an empty store/,
  ],
  [
    "a damaged base file",
    async (dir) => overwrite(await fileOf(dir, ".base.rdb"), 0, "XXXXX"),
    /cannot be repaired.*backup/,
  ],
  [
    "damaged contents of the base file",
    async (dir) => overwrite(await fileOf(dir, ".base.rdb"), 20, "\u007f".repeat(20)),
    /cannot be repaired.*backup/,
  ],
  [
    "a missing base file",
    async (dir) => rm(await fileOf(dir, ".base.rdb")),
    /cannot be repaired.*backup/,
  ],
  [
    "a damaged manifest",
    async (dir) => writeFile(await fileOf(dir, ".manifest"), "garbage\n"),
    /cannot be repaired.*backup/,
  ],
];

test.each(DAMAGES)("%s: Redis does not start, and the advice fits", async (_, damage, advice) => {
  const dataDir = await usedFolder();
  await damage(dataDir);
  const exit = await (await launch(dataDir)).exited;
  expect(exit.code).not.toBe(0);
  expect(failureHint(exit, dataDir)).toMatch(advice);
});

test("a killed Redis is not called damaged, whether started or taken over", async () => {
  const dataDir = await usedFolder();
  const server = await launchReady(dataDir); // its log names the append-only file
  kill(server);
  const exit = await server.exited;
  expect(exit.lastLines.join("\n")).toContain("append only file");
  const killed =
    "killed it, often the kernel because memory ran out: see the kernel's log (dmesg, journalctl -k). " +
    "Nothing that was acknowledged is lost.";
  expect(failureHint(exit, dataDir)).toBe(`Something ${killed}`);
  const ofTakenOver: ServerExit = { ...exit, code: null, signal: null };
  expect(failureHint(ofTakenOver, dataDir)).toBe(
    `If its last lines name no error, something ${killed}`,
  );
});

test.runIf(maySmallDisk())("a full disk is named, not a damaged file", async () => {
  const disk = makeSmallDisk(2);
  afterwards(async () => disk.remove());
  const server = await launchReady(disk.path);
  const value = "x".repeat(300_000);
  for (let n = 0; n < 10; n++) await command(disk.path, "SET", `key${n}`, value);
  const exit = await server.exited;
  expect(failureHint(exit, disk.path)).toMatch(/^The disk is full/);
});

const LINES: readonly [line: string, advice: string | undefined][] = [
  ["Error writing to the AOF file: No space left on device", "disk is full"],
  ["Can't handle RDB format version 99", "was written by a newer Redis. Install that version"],
  ["Can't open or create append-only dir: Permission denied", "must be writable for the user"],
  [
    "*** FATAL CONFIG FILE ERROR (Redis 6.2) ***",
    "does not know a setting it needs: install 7.0 or newer",
  ],
  ["Ready to accept connections", undefined],
];

test.each(LINES)("%s", (line, advice) => {
  const hint = failureHint({ code: 1, signal: null, lastLines: [line] }, "/data");
  if (advice === undefined) expect(hint).toBeUndefined();
  else expect(hint).toContain(advice);
});
