// The service itself, for one demo: a process as `npm start` runs it, with an embedded Redis, data in
// a temporary folder, and free ports of the loopback.

import { type ChildProcessByStdio, spawn } from "node:child_process";
import { resolve } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { makeDataFolder, removeDataFolder } from "./data-folder.ts";

export interface DemoServer extends AsyncDisposable {
  /** `127.0.0.1:PORT`. */
  readonly grpc: string;
  readonly http: string;
  /** Rejects when the process ends before it is asked to; never resolves. */
  readonly failed: Promise<never>;
}

export const CONFIG_FILE = resolve(import.meta.dirname, "dlq.yaml");
const MAIN = resolve(import.meta.dirname, "../../src/main.ts");
const START_DEADLINE_MS = 30_000;
/** An orderly end takes a fraction of a second; this is for a machine that is busy. */
const END_DEADLINE_MS = 5_000;
const KEPT_OUTPUT_CHARS = 4_000;

type Child = ChildProcessByStdio<null, Readable, Readable>;

/** @param signal ends the start; what was started is gone when this rejects */
export async function startServer(signal: AbortSignal): Promise<DemoServer> {
  const dataDir = await makeDataFolder();
  const child = spawn(process.execPath, [MAIN, "serve", "--config", CONFIG_FILE], {
    env: environment(dataDir),
    stdio: ["ignore", "pipe", "pipe"],
    detached: true, // Ctrl-C is for the demo, which ends it in order
  });
  const killNow = () => child.kill("SIGTERM"); // the demo ends in some way that nobody planned
  process.once("exit", killNow);
  const hasEnded = new Promise<void>((done) => {
    child.once("close", () => done());
    child.once("error", () => done());
  });
  let isAsked = false;

  async function end(): Promise<void> {
    isAsked = true;
    const timer = setTimeout(() => child.kill("SIGKILL"), END_DEADLINE_MS);
    child.kill("SIGTERM");
    await hasEnded;
    clearTimeout(timer);
    process.off("exit", killNow);
    await removeDataFolder(dataDir);
  }

  const output = createOutput();
  const failed = hasEnded.then(() => {
    if (isAsked) return new Promise<never>(() => {});
    throw new Error(`the server has ended by itself:\n${output.text()}`);
  });
  failed.catch(() => {}); // its awaiters get the rejection
  try {
    const addresses = await Promise.race([untilServing(child, output.add, signal), failed]);
    return { ...addresses, failed, [Symbol.asyncDispose]: end };
  } catch (error) {
    await end();
    throw error;
  }
}

/** Nothing of the user's own deployment, save the Redis binary that set-up has found. */
function environment(dataDir: string): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith("DLQ_"));
  const { DLQ_REDIS_SERVER } = process.env;
  return {
    ...Object.fromEntries(own),
    DLQ_LISTEN_GRPC: "127.0.0.1:0",
    DLQ_LISTEN_HTTP: "127.0.0.1:0",
    DLQ_DATA_DIR: dataDir,
    DLQ_LOG_FORMAT: "json",
    DLQ_DRAIN_GRACE: "200ms", // the worker has ended before
    DLQ_DISK_LOW: "0", // a few kilobytes; a small machine should show the demo too
    ...(DLQ_REDIS_SERVER ? { DLQ_REDIS_SERVER } : {}),
  };
}

/** Resolves when it listens and has its store. */
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

/** Not every line is a log line: warnings of Node, a crash. */
function parse(line: string): Record<string, unknown> {
  try {
    return JSON.parse(line);
  } catch {
    return {};
  }
}

/** The end of what it wrote, to be shown when it fails. */
function createOutput() {
  let text = "";
  return {
    text: () => text,
    add: (line: string) => {
      text = `${text}${line}\n`.slice(-KEPT_OUTPUT_CHARS);
    },
  };
}
