// The dlq-service of one demo: a process as `npm start` runs it, with an embedded Redis, a temporary data folder and
// free ports on the loopback interface.

import { type ChildProcessByStdio, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";

export interface DemoServer extends AsyncDisposable {
  /** `127.0.0.1:PORT`. */
  readonly grpc: string;
  readonly http: string;
  /** Rejects if the process ends before it is disposed. Never resolves. */
  readonly failed: Promise<never>;
}

export const CONFIG_FILE = resolve(import.meta.dirname, "dlq.yaml");
const MAIN = resolve(import.meta.dirname, "../../src/main.ts");
const START_DEADLINE_MS = 30_000;
/** A shutdown takes a fraction of a second, longer on a busy machine. */
const END_DEADLINE_MS = 5_000;
const KEPT_OUTPUT_CHARS = 4_000;

type Child = ChildProcessByStdio<null, Readable, Readable>;

/** @param signal aborts the start. If this rejects, the process has ended and the folder is removed. */
export async function startServer(signal: AbortSignal): Promise<DemoServer> {
  const dataDir = await makeDataFolder();
  const child = spawn(process.execPath, [MAIN, "serve", "--config", CONFIG_FILE], {
    env: environment(dataDir),
    stdio: ["ignore", "pipe", "pipe"],
    detached: true, // Ctrl-C must reach the demo only, which then stops the server
  });
  const killNow = () => child.kill("SIGTERM"); // in case the demo ends without disposing the server
  process.once("exit", killNow);
  const hasEnded = new Promise<void>((done) => {
    child.once("close", () => done());
    child.once("error", () => done());
  });
  let isStopping = false;

  async function end(): Promise<void> {
    isStopping = true;
    const timer = setTimeout(() => child.kill("SIGKILL"), END_DEADLINE_MS);
    child.kill("SIGTERM");
    await hasEnded;
    clearTimeout(timer);
    process.off("exit", killNow);
    await removeDataFolder(dataDir);
  }

  const output = createOutput();
  const failed = hasEnded.then(() => {
    if (isStopping) return new Promise<never>(() => {});
    throw new Error(`the server ended unexpectedly:\n${output.text()}`);
  });
  failed.catch(() => {}); // prevents an unhandled rejection; callers still get it
  try {
    const addresses = await Promise.race([untilServing(child, output.add, signal), failed]);
    return { ...addresses, failed, [Symbol.asyncDispose]: end };
  } catch (error) {
    await end();
    throw error;
  }
}

/** The environment without the user's DLQ_ settings, except for the Redis binary. */
function environment(dataDir: string): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith("DLQ_"));
  const { DLQ_REDIS_SERVER } = process.env;
  return {
    ...Object.fromEntries(own),
    DLQ_LISTEN_GRPC: "127.0.0.1:0",
    DLQ_LISTEN_HTTP: "127.0.0.1:0",
    DLQ_DATA_DIR: dataDir,
    DLQ_LOG_FORMAT: "json",
    DLQ_DRAIN_GRACE: "200ms", // the worker ends first
    DLQ_DISK_LOW: "0", // the demo stores a few kilobytes, so a full disk is no problem
    ...(DLQ_REDIS_SERVER ? { DLQ_REDIS_SERVER } : {}),
  };
}

/** Resolves when the server listens and its store is ready. */
async function untilServing(child: Child, keep: (line: string) => void, signal: AbortSignal) {
  const { promise, resolve: serving, reject } = Promise.withResolvers<Addresses>();
  let addresses: Addresses | undefined;
  createInterface({ input: child.stderr }).on("line", keep);
  createInterface({ input: child.stdout }).on("line", (line) => {
    keep(line);
    const log = parse(line);
    if (log.msg === "listening") addresses = { grpc: String(log.grpc), http: String(log.http) };
    if (log.msg === "the store is ready" && addresses !== undefined) serving(addresses);
  });
  const stop = () => reject(signal.reason);
  signal.addEventListener("abort", stop, { once: true });
  const late = () => reject(new Error(`the server was not ready within ${START_DEADLINE_MS} ms`));
  const timer = setTimeout(late, START_DEADLINE_MS);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
  }
}

interface Addresses {
  readonly grpc: string;
  readonly http: string;
}

/** Returns {} for other lines, such as warnings of Node. */
function parse(line: string): Record<string, unknown> {
  try {
    return JSON.parse(line);
  } catch {
    return {};
  }
}

/** Keeps the end of the output, for the error message. */
function createOutput() {
  let text = "";
  return {
    text: () => text,
    add: (line: string) => {
      text = `${text}${line}\n`.slice(-KEPT_OUTPUT_CHARS);
    },
  };
}

export function makeDataFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), "dlq-demo-"));
}

/** Also ends the embedded Redis: it keeps running if its server was killed. */
export async function removeDataFolder(folder: string): Promise<void> {
  await endRedis(join(folder, "redis.sock"));
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
}

function endRedis(socketPath: string): Promise<void> {
  const socket = connect(socketPath);
  socket.once("connect", () => socket.write("SHUTDOWN NOSAVE\r\n"));
  socket.once("error", () => socket.destroy()); // Redis has ended already
  socket.resume();
  return new Promise((done) => socket.once("close", () => done()));
}
