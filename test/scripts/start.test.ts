// `npm start` and `npm run dlq-server` on a copy of the scripts, with a small program instead of the server: set-up, advice,
// arguments, signals and exit codes.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, expect, test } from "vitest";
import { findRedisServer } from "../support/redis.ts";

const SCRIPTS = resolve(import.meta.dirname, "../../scripts");

/** Prints its arguments and each signal. Exits with 7 on `SIGUSR2`. */
const PROGRAM = `
  const print = (value) => console.log(JSON.stringify(value));
  for (const name of ["SIGINT", "SIGTERM"]) process.on(name, () => print(name));
  process.on("SIGUSR2", () => process.exit(7));
  const { DLQ_REDIS_SERVER: redis } = process.env;
  print({ args: process.argv.slice(2), redis, pid: process.pid });
  const parent = process.ppid; // ends also when a test fails
  setInterval(() => process.ppid === parent || process.exit(), 1_000);`;

let root: string;
let started: ChildProcess[] = [];
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "dlq-start-"));
  await cp(SCRIPTS, join(root, "scripts"), { recursive: true });
  await mkdir(join(root, "src"));
  await cp(join(SCRIPTS, "../src/oldest-node.mjs"), join(root, "src/oldest-node.mjs"));
  await writeFile(join(root, "src/main.ts"), PROGRAM);
});
afterEach(async () => {
  for (const child of started) child.kill("SIGKILL");
  started = [];
  await rm(root, { recursive: true });
});

interface Greeting {
  readonly args: readonly string[];
  readonly redis?: string;
  readonly pid: number;
}

function start(args: readonly string[], env: Record<string, string>, script = "start.mjs") {
  const child = spawn(process.execPath, [join(root, "scripts", script), ...args], {
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  started.push(child);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  let errors = "";
  child.stderr.on("data", (chunk: Buffer) => {
    errors += chunk.toString();
  });
  const closed = once(child, "close");
  return {
    child,
    next: async (): Promise<unknown> => JSON.parse((await lines.next()).value ?? "null"),
    ended: async () => {
      const [code, signal] = await closed;
      return { code, signal, errors };
    },
  };
}

test("with nothing missing it prints nothing, and the server gets its arguments and Redis", async () => {
  const redis = findRedisServer();
  const run = start(["--log-level", "debug"], { DLQ_REDIS_SERVER: redis });
  const greeting = (await run.next()) as Greeting;
  expect(greeting).toMatchObject({ args: ["serve", "--log-level", "debug"], redis });
  process.kill(greeting.pid, "SIGUSR2");
  expect(await run.ended()).toEqual({ code: 7, signal: null, errors: "" });
  expect(await readdir(root)).toEqual(["scripts", "src"]);
});

test.each([["serve"], ["outbox", "tail"]])(
  "`npm run dlq-server -- %s` passes SIGTERM on",
  async (...args) => {
    const run = start(args, {}, "dlq-server.mjs");
    const { pid } = (await run.next()) as Greeting;
    run.child.kill("SIGTERM");
    expect(await run.next()).toBe("SIGTERM");
    process.kill(pid, "SIGUSR2");
    expect(await run.ended()).toEqual({ code: 7, signal: null, errors: "" });
  },
);

test("one Ctrl-C that arrives twice is one signal, and the script ends after the server", async () => {
  const run = start([], { DLQ_REDIS_SERVER: findRedisServer() });
  const { pid } = (await run.next()) as Greeting;
  run.child.kill("SIGINT");
  expect(await run.next()).toBe("SIGINT");
  run.child.kill("SIGINT"); // the copy of npm
  run.child.kill("SIGTERM");
  expect(await run.next()).toBe("SIGTERM");
  process.kill(pid, "SIGUSR2");
  expect(await run.ended()).toMatchObject({ code: 7 });
});

test("the server has a process group of its own, which Ctrl-C in a terminal does not reach", async () => {
  const run = start([], { DLQ_REDIS_SERVER: findRedisServer() });
  const { pid } = (await run.next()) as Greeting;
  expect(() => process.kill(-pid, 0)).not.toThrow();
  process.kill(pid, "SIGKILL");
  expect(await run.ended()).toMatchObject({ signal: "SIGKILL" });
});

test("DLQ_SETUP=off writes nothing, and names what is missing and what to do", async () => {
  const { code, errors } = await start([], { DLQ_SETUP: "off", PATH: "" }).ended();
  expect(code).toBe(1);
  expect(errors).toMatch(/No redis-server.*apt-get install redis-tools.*DLQ_REDIS_URL/s);
  expect(await readdir(root)).toEqual(["scripts", "src"]);

  await writeFile(
    join(root, "package-lock.json"),
    JSON.stringify({ packages: { "node_modules/ioredis": { version: "6.0.0" } } }),
  );
  const second = await start([], { DLQ_SETUP: "off", PATH: "" }).ended();
  expect(second).toMatchObject({ code: 1, errors: expect.stringContaining("npm ci") });
});

test("a DLQ_REDIS_SERVER that is not redis-server is refused", async () => {
  const { code, errors } = await start([], { DLQ_REDIS_SERVER: process.execPath }).ended();
  expect({ code, errors }).toMatchObject({
    code: 1,
    errors: expect.stringContaining(process.execPath),
  });
});

test.each([
  ["a URL in the environment", [], { DLQ_REDIS_URL: "redis://localhost" }],
  ["Sentinels in the environment", [], { DLQ_REDIS_SENTINELS: "localhost:26379" }],
  ["a URL flag", ["--redis-url=redis://localhost"], {}],
  ["a configuration file that names one", ["--config", "dlq.yaml"], {}],
  ["help", ["--help"], {}],
])("no redis-server is needed with %s", async (_, args, env) => {
  const file = join(root, "dlq.yaml");
  await writeFile(file, "redis-url: redis://localhost\n");
  const given = args.map((arg) => (arg === "dlq.yaml" ? file : arg));
  const run = start(given, { DLQ_SETUP: "off", PATH: "", ...env });
  const greeting = (await run.next()) as Greeting;
  expect(greeting.redis).toBeUndefined();
  process.kill(greeting.pid, "SIGUSR2");
  await run.ended();
});
