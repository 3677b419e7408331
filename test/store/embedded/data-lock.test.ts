import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { DataFolderInUseError, lockDataFolder } from "../../../src/store/embedded/data-lock.ts";
import { dataFolder } from "./data-folder.ts";

const LOCK_MODULE = join(import.meta.dirname, "../../../src/store/embedded/data-lock.ts");

/** Takes the lock in another process, which is killed while it holds it. */
async function leaveStaleLock(dir: string): Promise<void> {
  const code = `
    import { lockDataFolder } from ${JSON.stringify(LOCK_MODULE)};
    await lockDataFolder(${JSON.stringify(dir)}, ${JSON.stringify(dir)});
    process.kill(process.pid, "SIGKILL");`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", code], { stdio: "inherit" });
  expect(await once(child, "exit")).toEqual([null, "SIGKILL"]);
  expect(await readdir(dir)).toEqual([expect.stringMatching(/^own-/)]);
}

test("a released lock leaves nothing and can be taken again", async () => {
  const dir = await dataFolder();
  await (await lockDataFolder(dir, dir)).release();
  expect(await readdir(dir)).toEqual([]);
  await (await lockDataFolder(dir, dir)).release();
});

test("the lock of a killed process does not count", async () => {
  const dir = await dataFolder();
  await leaveStaleLock(dir);
  const lock = await lockDataFolder(dir, dir);
  await expect(lockDataFolder(dir, dir)).rejects.toThrow(DataFolderInUseError);
  await lock.release();
  expect(await readdir(dir)).toEqual([]);
});

test("of many that race for a stale lock exactly one gets it, round after round", async () => {
  const dir = await dataFolder();
  await leaveStaleLock(dir);
  for (let round = 0; round < 20; round += 1) {
    const contenders = Array.from({ length: 20 }, () => lockDataFolder(dir, dir));
    const outcomes = await Promise.allSettled(contenders);
    const won = outcomes.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
    expect(won).toHaveLength(1);
    await won[0]?.release();
  }
  expect(await readdir(dir)).toEqual([]);
});
