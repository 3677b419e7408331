// At most one redis-server works on a data folder, whatever fails while it is launched.

import { chmod, mkdir, readdir, realpath, rm } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { EmbeddedRedis } from "../../../src/store/embedded/embedded.ts";
import { ask } from "../../../src/store/embedded/reply.ts";
import { leaveFree, makeSmallDisk, maySmallDisk } from "../../faults/rig/small-disk.ts";
import { processesOn } from "../../support/processes-on.ts";
import { afterwards, dataFolder, recordedLog, start, until } from "./data-folder.ts";

const linux = process.platform === "linux";

async function endWith(folder: string): Promise<void> {
  for (const pid of processesOn(folder)) process.kill(pid, "SIGKILL");
  await until(() => processesOn(folder).length === 0);
}

async function usable(): Promise<string> {
  const folder = await realpath(await dataFolder());
  if (linux) afterwards(() => endWith(folder));
  return folder;
}

const answers = (redis: EmbeddedRedis, ...command: string[]) =>
  ask(redis.socketPath, command, 5_000).catch(() => undefined);

/** Kills Redis and waits until it could not be started a few times. */
async function killUnstartable(redis: EmbeddedRedis, log: ReturnType<typeof recordedLog>) {
  let attempts = 0;
  redis.onUnexpectedExit(({ signal }) => {
    if (signal === null) attempts++;
  });
  process.kill(redis.pid ?? 0, "SIGKILL");
  await until(() => attempts >= 4);
  return log.lines.filter(({ message }) => message.includes("could not be started"));
}

// The record is written as a draft, and then renamed: so both fail before or after the launch.
test.runIf(linux).each([
  ["redis.json.new", "before"],
  ["redis.json", "after"],
])("no server is left when %s is in the way, which fails %s a launch", async (name) => {
  const dataDir = await usable();
  const log = recordedLog();
  const redis = await start(dataDir, { log });
  await redis.ready;
  await answers(redis, "SET", "kept", "yes");
  await rm(join(dataDir, name), { force: true });
  await mkdir(join(dataDir, name, "in the way"), { recursive: true });
  const lines = await killUnstartable(redis, log);
  expect(lines).toHaveLength(1);
  expect(processesOn(dataDir)).toEqual([]);
  await rm(join(dataDir, name), { recursive: true });
  await until(async () => (await answers(redis, "GET", "kept")) === "yes");
  expect(processesOn(dataDir)).toEqual([redis.pid]);
});

test.runIf(linux)("a start that cannot write its record leaves no server", async () => {
  const dataDir = await usable();
  await mkdir(join(dataDir, "redis.json", "in the way"), { recursive: true });
  await expect(start(dataDir)).rejects.toThrow("EISDIR");
  expect(processesOn(dataDir)).toEqual([]);
});

test.runIf(maySmallDisk())("Redis that is killed on a full disk comes back alone", async () => {
  const disk = makeSmallDisk(16);
  afterwards(async () => disk.remove());
  const dataDir = await realpath(disk.path);
  afterwards(() => endWith(dataDir));
  const log = recordedLog();
  const redis = await start(dataDir, { log });
  await redis.ready;
  await answers(redis, "SET", "kept", "yes");
  const filler = join(dataDir, "filler");
  leaveFree(filler, 0);
  const lines = await killUnstartable(redis, log);
  expect(lines).toEqual([
    {
      level: "error",
      message: expect.stringMatching(
        `^redis-server could not be started: the disk of ${dataDir} is full: free space there \\(.*\\); retrying$`,
      ),
    },
  ]);
  expect(redis.problem).toMatch(
    /^redis-server could not be started: the disk of the data folder is full/,
  );
  expect(processesOn(dataDir)).toEqual([]);
  await rm(filler);
  await until(async () => (await answers(redis, "GET", "kept")) === "yes");
  await until(() => redis.problem === undefined);
  expect(processesOn(dataDir)).toEqual([redis.pid]);
  await answers(redis, "SET", "new", "yes");
  await redis.stop();
  expect(processesOn(dataDir)).toEqual([]);
  const next = await start(dataDir);
  await next.ready;
  expect(await answers(next, "MGET", "kept", "new")).toEqual(["yes", "yes"]);
});

test.runIf(maySmallDisk())(
  "a start on a full disk fails with advice and leaves nothing",
  async () => {
    const disk = makeSmallDisk(16);
    afterwards(async () => disk.remove());
    const dataDir = await realpath(disk.path);
    afterwards(() => endWith(dataDir));
    const first = await start(dataDir);
    await first.ready;
    await first.stop();
    leaveFree(join(dataDir, "filler"), 0);
    await expect(start(dataDir)).rejects.toThrow(
      `redis-server could not be started: the disk of ${dataDir} is full: free space there (`,
    );
    expect(processesOn(dataDir)).toEqual([]);
    await rm(join(dataDir, "filler"));
    await (await start(dataDir)).ready;
  },
);

test.runIf(linux)(
  "Redis that is killed during a rewrite comes back, without what the rewrite left",
  async () => {
    const dataDir = await usable();
    const redis = await start(dataDir);
    await redis.ready;
    const command = (...words: string[]) => ask(redis.socketPath, words, 5_000);
    await command("SET", "kept", "yes");
    await command("CONFIG", "SET", "rdb-key-save-delay", "1000000000"); // it never ends
    await command("BGREWRITEAOF");
    await until(() => processesOn(dataDir).length === 2);
    const left = async () => (await readdir(dataDir)).filter((name) => name.startsWith("temp-"));
    await until(async () => (await left()).length === 1);
    const killed = redis.pid ?? 0;
    process.kill(killed, "SIGKILL");
    await until(() => redis.pid !== killed && redis.pid !== undefined);
    await until(async () => (await command("GET", "kept").catch(() => undefined)) === "yes");
    expect(processesOn(dataDir)).toEqual([redis.pid]);
    expect(await left()).toEqual([]);
  },
);

test.runIf(maySmallDisk())("a full disk is named even if Redis cannot write its log", async () => {
  const disk = makeSmallDisk(16);
  afterwards(async () => disk.remove());
  const dataDir = await realpath(disk.path);
  afterwards(() => endWith(dataDir));
  await chmod(dataDir, 0o700);
  leaveFree(join(dataDir, "filler"), 4_096); // the record fits, nothing else does
  const starting = start(dataDir).then((redis) => redis.ready);
  await expect(starting).rejects.toThrow(
    `redis-server ended unexpectedly (code 1). The disk is full. Free space where ${dataDir} is`,
  );
});
