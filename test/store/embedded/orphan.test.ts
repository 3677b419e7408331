// The redis-server that runs on after a kill -9 of the service, and the next start.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chown, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, test } from "vitest";
import { settleOrphan } from "../../../src/store/embedded/orphan.ts";
import {
  identify,
  isRunning,
  type ProcessIdentity,
} from "../../../src/store/embedded/process-identity.ts";
import { ask } from "../../../src/store/embedded/reply.ts";
import { writeServerRecord } from "../../../src/store/embedded/server-record.ts";
import { findRedisServer, startTestRedis } from "../../support/redis.ts";
import { afterwards, dataFolder, recordedLog, start, until } from "./data-folder.ts";

interface Parent {
  readonly process: ChildProcess;
  readonly socketPath: string;
  readonly redis: ProcessIdentity;
}

/** Another process that runs an embedded server on the folder. */
async function startParent(dataDir: string): Promise<Parent> {
  const script = join(import.meta.dirname, "parent.ts");
  const child = spawn(process.execPath, [script, dataDir, findRedisServer()], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = await once(createInterface(child.stdout), "line");
  const { pid, socketPath } = JSON.parse(line);
  const redis = identify(pid);
  if (redis === undefined) throw new Error("the parent's redis-server does not run");
  afterwards(async () => {
    child.kill("SIGKILL");
    if (isRunning(redis)) process.kill(redis.pid, "SIGKILL");
    await until(() => !isRunning(redis));
  });
  return { process: child, socketPath, redis };
}

async function kill9(child: ChildProcess): Promise<void> {
  const exited = once(child, "exit");
  child.kill("SIGKILL");
  await exited;
}

/** Kills the parent; its redis-server runs on. */
async function orphanOn(dataDir: string): Promise<Parent> {
  const parent = await startParent(dataDir);
  await ask(parent.socketPath, ["SET", "kept", "yes"], 5_000);
  await kill9(parent.process);
  expect(isRunning(parent.redis)).toBe(true);
  return parent;
}

test("another process that runs is named, and an orphan holds no lock", async () => {
  const dataDir = await dataFolder();
  const parent = await startParent(dataDir);
  await expect(start(dataDir)).rejects.toThrow(`process ${parent.process.pid}`);
  await kill9(parent.process);
  await (await start(dataDir)).ready;
});

test("an orphan is taken over with its data, gets our settings, and is stopped by stop", async () => {
  const dataDir = await dataFolder();
  const { redis: orphan } = await orphanOn(dataDir);
  const redis = await start(dataDir, { maxMemoryBytes: 40_000_000 });
  await redis.ready;
  expect({ takenOver: redis.takenOver, pid: redis.pid }).toEqual({
    takenOver: true,
    pid: orphan.pid,
  });
  expect(await ask(redis.socketPath, ["GET", "kept"], 5_000)).toBe("yes");
  expect(await ask(redis.socketPath, ["CONFIG", "GET", "maxmemory"], 5_000)).toEqual([
    "maxmemory",
    "40000000",
  ]);
  await redis.stop();
  expect(isRunning(orphan)).toBe(false);
});

test("an orphan without a record is taken over too", async () => {
  const dataDir = await dataFolder();
  const { redis: orphan } = await orphanOn(dataDir);
  await writeFile(join(dataDir, "redis.json"), "");
  const redis = await start(dataDir);
  expect(redis.pid).toBe(orphan.pid);
  expect(JSON.parse(await readFile(join(dataDir, "redis.json"), "utf8"))).toMatchObject(orphan);
});

test("an orphan without a record that cannot be reached keeps others away", async () => {
  const dataDir = await dataFolder();
  const { redis: orphan, socketPath } = await orphanOn(dataDir);
  await rm(join(dataDir, "redis.json"));
  await rm(socketPath);
  await expect(start(dataDir)).rejects.toThrow(
    /^Another redis-server still uses the data folder .*\(pgrep -a redis-server lists it\)$/,
  );
  expect(isRunning(orphan)).toBe(true);
  process.kill(orphan.pid, "SIGKILL");
  const redis = await start(dataDir);
  await redis.ready;
  expect(await ask(redis.socketPath, ["GET", "kept"], 5_000)).toBe("yes");
});

test("a server that was taken over and killed comes back with its data", async () => {
  const dataDir = await dataFolder();
  const { redis: orphan } = await orphanOn(dataDir);
  const redis = await start(dataDir);
  await redis.ready;
  const exit = new Promise((resolve) => redis.onUnexpectedExit(resolve));
  process.kill(orphan.pid, "SIGKILL");
  await exit;
  const kept = () => ask(redis.socketPath, ["GET", "kept"], 5_000).catch(() => undefined);
  await until(async () => (await kept()) === "yes");
  expect(redis.pid).not.toBe(orphan.pid);
});

test("an orphan that does not answer is stopped first, by force if necessary", async () => {
  const dataDir = await dataFolder();
  const { redis: orphan, socketPath } = await orphanOn(dataDir);
  process.kill(orphan.pid, "SIGSTOP");
  const log = recordedLog();
  const search = { dataDir, socketPath, log, answerTimeoutMs: 100, graceMs: 100 };
  expect(await settleOrphan(search)).toBeUndefined();
  expect(isRunning(orphan)).toBe(false);
  const redis = await start(dataDir);
  await redis.ready;
  expect(await ask(redis.socketPath, ["GET", "kept"], 5_000)).toBe("yes");
});

test("a recorded pid that another process has now gets no signal", async () => {
  const dataDir = await dataFolder();
  const otherProcess = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]);
  afterwards(() => kill9(otherProcess));
  const socketPath = join(dataDir, "redis.sock");
  const identity = { pid: otherProcess.pid ?? 0, startedAt: "another boot:1", socketPath };
  writeServerRecord(dataDir, identity);
  await (await start(dataDir)).ready;
  expect(identify(identity.pid)).toBeDefined();
});

test("nothing is written through links in the data folder", async () => {
  const dataDir = await dataFolder();
  const victim = join(await dataFolder(), "victim");
  await writeFile(victim, "kept");
  await symlink(victim, join(dataDir, "redis.json.new"));
  await (await start(dataDir)).ready;
  const other = await dataFolder();
  await symlink(victim, join(other, "redis.log"));
  await expect(start(other)).rejects.toThrow("ELOOP");
  expect(await readFile(victim, "utf8")).toBe("kept");
});

test.runIf(process.getuid?.() === 0)("a record of another user stops no process", async () => {
  const dataDir = await dataFolder();
  const otherProcess = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]);
  afterwards(() => kill9(otherProcess));
  const identity = identify(otherProcess.pid ?? 0);
  if (identity === undefined) throw new Error("it does not run");
  writeServerRecord(dataDir, { ...identity, socketPath: join(dataDir, "redis.sock") });
  await chown(join(dataDir, "redis.json"), 65_534, 65_534);
  await (await start(dataDir)).ready;
  expect(isRunning(identity)).toBe(true);
});

test("an unknown redis-server that answers on our socket is not touched", async () => {
  const dataDir = await dataFolder();
  const other = await startTestRedis();
  afterwards(() => other.stop());
  await symlink(other.socketPath, join(dataDir, "redis.sock"));
  await expect(start(dataDir)).rejects.toThrow(
    `that this service did not start, or whose process it cannot see (pid ${other.pid} `,
  );
  expect(await other.cli("PING")).toBe("PONG");
});

test("a server on another socket path is named in the error and not stopped", async () => {
  const dataDir = await dataFolder();
  const { redis: orphan, socketPath } = await orphanOn(dataDir);
  const elsewhere = join(dataDir, "elsewhere.sock");
  const search = { dataDir, socketPath: elsewhere, log: recordedLog() };
  await expect(settleOrphan(search)).rejects.toThrow(
    new RegExp(
      `process ${orphan.pid}\\) uses the data folder .*Set TMPDIR to its value in that run`,
    ),
  );
  expect(await ask(socketPath, ["PING"], 5_000)).toBe("PONG");
});
