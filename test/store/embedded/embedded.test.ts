import {
  chmod,
  chown,
  mkdir,
  readdir,
  readFile,
  realpath,
  rm,
  stat,
  symlink,
  writeFile,
} from "node:fs/promises";
import { totalmem } from "node:os";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { identify } from "../../../src/store/embedded/process-identity.ts";
import { ask } from "../../../src/store/embedded/reply.ts";
import { findRedisServer } from "../../support/redis.ts";
import { afterwards, dataFolder, recordedLog, start, until } from "./data-folder.ts";

async function setting(socketPath: string, name: string): Promise<unknown> {
  const reply = await ask(socketPath, ["CONFIG", "GET", name], 5_000);
  return Array.isArray(reply) ? reply[1] : undefined;
}

test("it is private: a socket in the data folder, no port, nothing for other users", async () => {
  const dataDir = join(await dataFolder(), "deep", "data");
  const redis = await start(dataDir);
  await redis.ready;
  expect(redis.socketPath).toBe(join(dataDir, "redis.sock"));
  expect(await setting(redis.socketPath, "port")).toBe("0");
  expect((await stat(redis.socketPath)).mode & 0o777).toBe(0o700);
  expect((await stat(dataDir)).mode & 0o777).toBe(0o700);
});

test("its files are private, whatever the mask of this process", async () => {
  const dataDir = await dataFolder();
  const mask = process.umask(0o022);
  afterwards(async () => process.umask(mask));
  const redis = await start(dataDir);
  await redis.ready;
  expect(process.umask()).toBe(0o022);
  const files = await readdir(dataDir, { recursive: true, withFileTypes: true });
  expect(files.map(({ name }) => name)).toContain("appendonlydir");
  for (const { parentPath, name } of files) {
    if (name.startsWith("own-")) continue; // the lock, without content
    expect((await stat(join(parentPath, name))).mode & 0o077, name).toBe(0);
  }
});

test("a data folder that others can enter becomes private", async () => {
  const dataDir = await dataFolder();
  const first = await start(dataDir);
  await first.ready;
  await first.stop();
  await chmod(dataDir, 0o755);
  const log = recordedLog();
  await start(dataDir, { log });
  expect((await stat(dataDir)).mode & 0o777).toBe(0o700);
  expect(log.lines).toContainEqual({
    level: "warn",
    message: "other users could enter the data folder; now it is private",
  });
});

test("a folder with other files that others can enter is refused and stays as it is", async () => {
  const dataDir = await dataFolder();
  await writeFile(join(dataDir, "report.txt"), "");
  await chmod(dataDir, 0o755);
  await expect(start(dataDir)).rejects.toThrow(/has other files, and other users can enter it/);
  expect((await stat(dataDir)).mode & 0o777).toBe(0o755);
  await chmod(dataDir, 0o700);
  await (await start(dataDir)).ready;
});

test.runIf(process.getuid?.() === 0)("root runs it as the owner of the folder", async () => {
  const dataDir = await dataFolder();
  const nobody = 65_534;
  await chown(dataDir, nobody, nobody);
  // A path that every user can enter, with the name that makes the program a server.
  const programs = await dataFolder();
  await chmod(programs, 0o755);
  const serverPath = join(programs, "redis-server");
  await symlink(await realpath(findRedisServer()), serverPath);
  for (const value of ["first", "second"]) {
    const redis = await start(dataDir, { serverPath });
    await redis.ready;
    const status = await readFile(`/proc/${redis.pid}/status`, "utf8");
    expect(status).toMatch(/^Uid:\s+65534\s+65534\s+65534/m);
    expect(status).toMatch(/^Groups:\s*$/m);
    await ask(redis.socketPath, ["APPEND", "kept", value], 5_000);
    expect(await ask(redis.socketPath, ["GET", "kept"], 5_000)).toMatch(/^first/);
    await redis.stop();
  }
  expect((await stat(join(dataDir, "redis.log"))).uid).toBe(nobody);
});

test.runIf(process.getuid?.() === 0)(
  "root runs it as root if the owner cannot read the data",
  async () => {
    const dataDir = await dataFolder();
    const first = await start(dataDir);
    await first.ready;
    await first.stop();
    await chown(dataDir, 65_534, 65_534);
    const second = await start(dataDir);
    await second.ready;
    expect(await readFile(`/proc/${second.pid}/status`, "utf8")).toMatch(/^Uid:\s+0\s/m);
  },
);

test("answered writes are on disk, and nothing is evicted", async () => {
  const redis = await start(await dataFolder(), { maxMemoryBytes: 50_000_000 });
  await redis.ready;
  expect(redis.maxMemoryBytes).toBe(50_000_000);
  const expected = {
    appendonly: "yes",
    appendfsync: "always",
    "aof-use-rdb-preamble": "yes",
    save: "",
    maxmemory: "50000000",
    "maxmemory-policy": "noeviction",
    "lazyfree-lazy-expire": "yes",
    "lazyfree-lazy-server-del": "yes",
  };
  const actual: Record<string, unknown> = {};
  for (const name of Object.keys(expected)) actual[name] = await setting(redis.socketPath, name);
  expect(actual).toEqual(expected);
});

test("memory is bounded by default", async () => {
  const redis = await start(await dataFolder(), { maxMemoryBytes: undefined as never });
  expect(redis.maxMemoryBytes).toBeGreaterThan(0);
  expect(redis.maxMemoryBytes).toBeLessThanOrEqual(totalmem() / 2);
});

test("data survives stop and start", async () => {
  const dataDir = await dataFolder();
  const first = await start(dataDir);
  await first.ready;
  await ask(first.socketPath, ["SET", "kept", "yes"], 5_000);
  await first.stop();
  const second = await start(dataDir);
  await second.ready;
  expect(second.takenOver).toBe(false);
  expect(await ask(second.socketPath, ["GET", "kept"], 5_000)).toBe("yes");
});

test("stop leaves no process, no socket and no lock", async () => {
  const dataDir = await dataFolder();
  const redis = await start(dataDir);
  await redis.ready;
  const pid = redis.pid ?? 0;
  expect(identify(pid)).toBeDefined();
  await Promise.all([redis.stop(), redis.stop()]);
  expect(identify(pid)).toBeUndefined();
  expect(await readdir(dataDir)).toEqual(["appendonlydir", "redis.log"]);
});

test("stop may come before it is ready", async () => {
  const redis = await start(await dataFolder());
  const ready = redis.ready;
  const { pid } = redis;
  await redis.stop();
  await ready.catch((error) => expect(String(error)).toContain("stopped"));
  expect(identify(pid ?? 0)).toBeUndefined();
});

test("a killed server restarts with its data, and listeners are called", async () => {
  const log = recordedLog();
  const redis = await start(await dataFolder(), { log });
  await redis.ready;
  await ask(redis.socketPath, ["SET", "kept", "yes"], 5_000);
  const before = redis.pid ?? 0;
  const exit = new Promise((resolve) => redis.onUnexpectedExit(resolve));
  process.kill(before, "SIGKILL");
  expect(await exit).toMatchObject({ signal: "SIGKILL", restartInMs: 100 });
  // Without its last lines: they say nothing about a signal.
  expect(log.lines.find(({ level }) => level === "error")?.message).toMatch(
    /^redis-server ended unexpectedly \(SIGKILL\) and is started again\. Something killed it.* lost\.$/,
  );
  const kept = () => ask(redis.socketPath, ["GET", "kept"], 5_000).catch(() => undefined);
  await until(async () => (await kept()) === "yes");
  expect(redis.pid).not.toBe(before);
});

test("stop during the wait before a restart starts nothing", async () => {
  const redis = await start(await dataFolder());
  await redis.ready;
  const exit = new Promise((resolve) => redis.onUnexpectedExit(resolve));
  process.kill(redis.pid ?? 0, "SIGKILL");
  await exit;
  await redis.stop();
  expect(redis.pid).toBeUndefined();
  await expect(ask(redis.socketPath, ["PING"], 1_000)).rejects.toThrow();
});

test("a second server on the folder is refused with the pid of the first", async () => {
  const dataDir = await dataFolder();
  const redis = await start(dataDir);
  await expect(start(dataDir)).rejects.toThrow(`process ${process.pid}`);
  await redis.ready; // and the first goes on
  expect(await ask(redis.socketPath, ["PING"], 5_000)).toBe("PONG");
});

test("a folder whose path is too long for a socket works", async () => {
  const dataDir = join(await dataFolder(), "d".repeat(110));
  const redis = await start(dataDir);
  afterwards(async () => {
    await redis.stop();
    await rm(dirname(redis.socketPath), { recursive: true });
  });
  await redis.ready;
  expect(Buffer.byteLength(redis.socketPath)).toBeLessThanOrEqual(100);
  expect(await setting(redis.socketPath, "dir")).toBe(dataDir);
  await expect(start(dataDir)).rejects.toThrow(/already uses the data folder .*\. Stop it first/);
});

test("a damaged append-only file is explained, not retried", async () => {
  const dataDir = await dataFolder();
  await mkdir(join(dataDir, "appendonlydir"));
  const file = "appendonly.aof.1.incr.aof";
  const manifest = join(dataDir, "appendonlydir", "appendonly.aof.manifest");
  await writeFile(manifest, `file ${file} seq 1 type i\n`);
  await writeFile(join(dataDir, "appendonlydir", file), "*1\r\nthis is no command\r\n");
  const failure = start(dataDir).then((redis) => redis.ready);
  await expect(failure).rejects.toThrow(`redis-check-aof --fix ${manifest}`);
});

test("a missing redis-server is explained, and frees the folder", async () => {
  const dataDir = await dataFolder();
  await expect(start(dataDir, { serverPath: "/nowhere/redis-server" })).rejects.toThrow(
    /Cannot run redis-server at \/nowhere.*Install/,
  );
  await (await start(dataDir)).ready;
});

test("low disk space is detected at the start and logged once", async () => {
  const log = recordedLog();
  const redis = await start(await dataFolder(), { diskLowBytes: Number.MAX_SAFE_INTEGER, log });
  expect(redis.diskIsLow()).toBe(true);
  expect(log.lines.filter(({ message }) => message.includes("disk space is low"))).toHaveLength(1);
  const roomy = await start(await dataFolder(), { diskLowBytes: 1 });
  expect(roomy.diskIsLow()).toBe(false);
});
