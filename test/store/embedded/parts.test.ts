// Parts of the embedded store.

import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { DiskWatch } from "../../../src/store/embedded/disk-watch.ts";
import { defaultMaxMemoryBytes } from "../../../src/store/embedded/memory-limit.ts";
import { identify, isRunning } from "../../../src/store/embedded/process-identity.ts";
import { RepeatLimit } from "../../../src/store/embedded/repeat-limit.ts";
import { ask } from "../../../src/store/embedded/reply.ts";
import { RestartBackoff } from "../../../src/store/embedded/restart-backoff.ts";
import { openServerLog } from "../../../src/store/embedded/server-log.ts";
import { socketFolder } from "../../../src/store/embedded/socket-folder.ts";
import { startTestRedis } from "../../support/redis.ts";
import { afterwards, dataFolder } from "./data-folder.ts";

test("restarts wait from 0.1 s to 5 s, and 0.1 s again after a healthy half minute", () => {
  const backoff = new RestartBackoff();
  const waits = Array.from({ length: 8 }, () => backoff.next(1_000));
  expect(waits).toEqual([100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000]);
  expect(backoff.next(29_999)).toBe(5_000);
  expect(backoff.next(30_000)).toBe(100);
});

test("the same line is let through once a minute, another one at once", () => {
  let nowMs = 0;
  const limit = new RepeatLimit(() => nowMs);
  const lines = () => ["full", "killed"].filter((line) => limit.allows(line));
  expect(lines()).toEqual(["full", "killed"]);
  expect(lines()).toEqual([]);
  nowMs = 59_999;
  expect(lines()).toEqual([]);
  nowMs = 60_000;
  expect(lines()).toEqual(["full", "killed"]);
});

test("memory: half of the machine or of the container, whichever is smaller", () => {
  expect(defaultMaxMemoryBytes(1_000, 0)).toBe(500);
  expect(defaultMaxMemoryBytes(1_000, 600)).toBe(300);
  expect(defaultMaxMemoryBytes(1_000, 2 ** 63)).toBe(500);
});

test("disk: low below the reserve, enough again a quarter above it, reported once each", async () => {
  const GIB = 2 ** 30;
  const said: boolean[] = [];
  let freeBytes = GIB;
  const disk = new DiskWatch({
    readSpace: async () => ({ freeBytes, totalBytes: 100 * GIB }),
    onChange: (low) => said.push(low),
  });
  const at = async (free: number) => {
    freeBytes = free;
    await disk.check();
    return disk.isLow;
  };
  expect(await at(GIB)).toBe(false);
  expect(await at(GIB / 2 - 1)).toBe(true);
  expect(await at(GIB / 2 + 1)).toBe(true);
  expect(await at(0.7 * GIB)).toBe(false);
  expect(await at(0.55 * GIB)).toBe(false);
  expect(said).toEqual([true, false]);
});

test("disk: while it is low, the watch looks four times as often", async () => {
  vi.useFakeTimers();
  let looks = 0;
  let free = 0;
  const disk = new DiskWatch({
    lowBytes: 100,
    readSpace: async () => {
      looks++;
      return { freeBytes: free, totalBytes: 1_000 };
    },
    onChange: () => {},
  });
  try {
    await disk.start();
    await vi.advanceTimersByTimeAsync(2_000);
    expect(looks).toBe(1 + 4);
    free = 500;
    await vi.advanceTimersByTimeAsync(500);
    expect(disk.isLow).toBe(false);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(looks).toBe(1 + 4 + 1 + 1);
    disk.stop();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(looks).toBe(1 + 4 + 1 + 1);
  } finally {
    vi.useRealTimers();
    disk.stop();
  }
});

test("disk: a small disk keeps a quarter, and one that cannot be read changes nothing", async () => {
  let space: { freeBytes: number; totalBytes: number } | undefined;
  const disk = new DiskWatch({
    readSpace: async () => {
      if (space === undefined) throw new Error("gone");
      return space;
    },
    onChange: () => {},
  });
  space = { freeBytes: 251, totalBytes: 1_000 };
  await disk.check();
  expect(disk.isLow).toBe(false);
  space = { freeBytes: 249, totalBytes: 1_000 };
  await disk.check();
  space = undefined;
  await disk.check();
  expect(disk.isLow).toBe(true);
});

test("a unix socket path over 107 bytes fails, so a long folder's sockets are elsewhere", async () => {
  const base = await dataFolder();
  const long = join(base, "x".repeat(110));
  const server = createServer().listen(long);
  await expect(once(server, "listening")).rejects.toThrow();

  expect(await socketFolder(base)).toBe(base);
  const folder = await socketFolder(long);
  afterwards(() => rm(folder, { recursive: true }));
  expect(folder.startsWith(tmpdir())).toBe(true);
  expect((await stat(folder)).mode & 0o777).toBe(0o700);
  expect(await socketFolder(long)).toBe(folder);
  const another = await socketFolder(`${long}y`);
  afterwards(() => rm(another, { recursive: true }));
  expect(another).not.toBe(folder);
  await chmod(folder, 0o755);
  await expect(socketFolder(long)).rejects.toThrow(
    "should be a folder that only this user can enter",
  );
});

test("a large log is rotated, and its tail has only lines of this run", async () => {
  const dir = await dataFolder();
  await writeFile(join(dir, "redis.log"), "old\n".repeat(10));
  const kept = openServerLog(dir, 1_000);
  await writeFile(kept.path, "new\n", { flag: "a" });
  expect(kept.tail()).toEqual(["new"]);
  kept.close();
  const fresh = openServerLog(dir, 10);
  expect(fresh.tail()).toEqual([]);
  fresh.close();
  expect(await readFile(`${fresh.path}.1`, "utf8")).toContain("old");
});

test("a process is known by more than its pid", () => {
  const own = identify(process.pid);
  expect(own && isRunning(own)).toBe(true);
  expect(isRunning({ pid: process.pid, startedAt: "earlier" })).toBe(false);
  expect(identify(2 ** 30)).toBeUndefined();
});

test("a process that can't be seen, without free file descriptors, counts as running", () => {
  const module = join(import.meta.dirname, "../../../src/store/embedded/process-identity.ts");
  const program = `
    import { openSync } from "node:fs";
    import { identify, isRunning } from ${JSON.stringify(module)};
    const ended = { pid: 2 ** 30, startedAt: identify(process.pid).startedAt };
    const before = isRunning(ended);
    try { for (;;) openSync("/dev/null"); } catch {}
    process.stdout.write([before, isRunning(ended)].join());`;
  const command = 'ulimit -n 100; exec "$0" --input-type=module -e "$1"';
  const args = ["-c", command, process.execPath, program];
  expect(execFileSync("/bin/sh", args, { encoding: "utf8" })).toBe("false,true");
});

test("ask returns long replies, lists and errors", async () => {
  const redis = await startTestRedis({ appendonly: false });
  afterwards(() => redis.stop());
  const at = redis.socketPath;
  const long = "é".repeat(200_000);
  expect(await ask(at, ["SET", "long", long], 5_000)).toBe("OK");
  expect(await ask(at, ["GET", "long"], 5_000)).toBe(long);
  expect(await ask(at, ["GET", "absent"], 5_000)).toBeNull();
  expect(await ask(at, ["MGET", "absent", "long"], 5_000)).toEqual([null, long]);
  expect(await ask(at, ["STRLEN", "long"], 5_000)).toBe(400_000);
  await expect(ask(at, ["NONSENSE"], 5_000)).rejects.toMatchObject({ code: "ERR" });
  redis.pause();
  await expect(ask(at, ["PING"], 50)).rejects.toThrow("within 50 ms");
  await mkdir(join(redis.dir, "d"));
  await expect(ask(join(redis.dir, "d", "none.sock"), ["PING"], 50)).rejects.toThrow("ENOENT");
});
