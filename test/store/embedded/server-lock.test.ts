import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir } from "node:fs/promises";
import { expect, test } from "vitest";
import { removeServerLock, takeServerLock } from "../../../src/store/embedded/server-lock.ts";
import { afterwards, dataFolder } from "./data-folder.ts";

/** A process, with a child of its own, that inherits the lock. Returns what ends each. */
async function inheritLock(dir: string) {
  const lock = await takeServerLock(dir, dir);
  const parent = spawn("/bin/sh", ["-c", "sleep 1000 & echo $!; wait"], {
    stdio: ["ignore", "pipe", "inherit", lock.fd],
  });
  if (parent.stdout === null) throw new Error("no output");
  const [pid] = await once(parent.stdout, "data");
  await lock.close();
  const endParent = async () => {
    const exited = once(parent, "exit");
    parent.kill("SIGKILL");
    await exited;
  };
  const endChild = () => process.kill(Number(pid), "SIGKILL");
  return { endParent, endChild };
}

test("the lock is held until the last process that inherited it has ended", async () => {
  const dir = await dataFolder();
  const { endParent, endChild } = await inheritLock(dir);
  let childRuns = true;
  afterwards(async () => {
    if (childRuns) endChild();
  });
  const inUse = `Another redis-server still uses the data folder ${dir}`;
  await expect(takeServerLock(dir, dir)).rejects.toThrow(inUse);
  await endParent();
  await expect(takeServerLock(dir, dir)).rejects.toThrow(inUse);
  const taken = takeServerLock(dir, dir); // it waits for one that is ending
  endChild();
  childRuns = false;
  await (await taken).close();
});

test("a lock that nobody inherited is free, and leaves nothing", async () => {
  const dir = await dataFolder();
  for (let n = 0; n < 3; n++) await (await takeServerLock(dir, dir)).close();
  expect(await readdir(dir)).toEqual(["redis.lock"]);
  await removeServerLock(dir);
  expect(await readdir(dir)).toEqual([]);
});
