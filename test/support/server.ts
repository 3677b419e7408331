// A `dlq-server serve` process for a test: free loopback ports, a data folder with an embedded Redis (or a given Redis), and no
// settings of the person who runs the tests.

import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { connect } from "node:net";
import { basename, join, resolve } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { findRedisServer } from "./redis.ts";

export interface TestServerOptions {
  /** Further flags of `dlq-server serve`; they override those of this file. */
  readonly args?: readonly string[];
  /** Further environment variables; they override those of this file. */
  readonly env?: Readonly<Record<string, string>>;
  /** An existing Redis. Default: the embedded one, in a folder that `stop` removes. */
  readonly redisUrl?: string;
}

/** One log line, as the server wrote it. */
export type LogLine = Readonly<Record<string, unknown>>;

export interface TestServer {
  /** `127.0.0.1:PORT`; the same after `restart`. */
  readonly grpcAddress: string;
  readonly httpAddress: string;
  readonly dataDir: string;
  /** Changes with `restart`. */
  readonly pid: number;
  /** Parsed log lines of all runs so far, in order. */
  readonly logs: readonly LogLine[];
  /** The end of stdout and stderr, for failure messages. */
  output(): string;
  /** SIGTERM. Returns the exit code; the data stay. */
  terminate(): Promise<number | null>;
  /** SIGKILL. Its embedded Redis keeps running as an orphan. */
  kill9(): Promise<void>;
  /** Starts again on the same data and addresses; terminates the running process first. */
  restart(): Promise<void>;
  /** Terminates, ends an orphaned Redis and removes the data. Rejects on a bad exit code. */
  stop(): Promise<void>;
}

type Child = ChildProcessByStdio<null, Readable, Readable>;

/** These end a test that hangs: far above what a slow machine needs. */
const START_DEADLINE_MS = 120_000;
const STOP_DEADLINE_MS = 120_000;
const KEPT_OUTPUT_CHARS = 8_000;
const MAIN = resolve(import.meta.dirname, "../../src/main.ts");

/**
 * Launches on the addresses of before. While no server had them, an outgoing connection of another program may have got
 * one of the ports for a moment.
 */
async function launchAgain(launch: () => Promise<Child>): Promise<Child> {
  const deadline = performance.now() + START_DEADLINE_MS;
  for (;;) {
    try {
      return await launch();
    } catch (error) {
      const mayBeFree = String(error).includes("the port is in use");
      if (!mayBeFree || performance.now() > deadline) throw error;
      await delay(200);
    }
  }
}

/** Ended with SIGTERM when the test process ends, so that their Redis ends, too. */
const running = new Set<Child>();
process.on("exit", () => {
  for (const child of running) child.kill("SIGTERM");
});

export async function startTestServer(options: TestServerOptions = {}): Promise<TestServer> {
  // Directly below /tmp: the path of a unix socket in it must stay under 108 bytes.
  const dataDir = await mkdtemp("/tmp/dlq-");
  const transcript = new Transcript();
  let addresses: Addresses = { grpc: "127.0.0.1:0", http: "127.0.0.1:0" };
  let child = await launch().catch(async (error: unknown) => {
    await removeData(dataDir);
    throw error;
  });

  async function launch(): Promise<Child> {
    const started = spawn(process.execPath, [MAIN, "serve", ...(options.args ?? [])], {
      env: environment(dataDir, addresses, options),
      stdio: ["ignore", "pipe", "pipe"],
    });
    running.add(started);
    started.once("exit", () => running.delete(started));
    addresses = await untilServing(started, transcript);
    return started;
  }

  async function end(signal: NodeJS.Signals): Promise<number | null> {
    if (hasEnded(child)) return child.exitCode;
    const exited = once(child, "exit", { signal: AbortSignal.timeout(STOP_DEADLINE_MS) });
    child.kill(signal);
    try {
      await exited;
    } catch {
      child.kill("SIGKILL");
      throw new Error(`the server did not end after ${signal}:\n${transcript.text}`);
    }
    return child.exitCode;
  }

  return {
    get grpcAddress() {
      return addresses.grpc;
    },
    get httpAddress() {
      return addresses.http;
    },
    get pid() {
      return child.pid ?? 0;
    },
    dataDir,
    logs: transcript.logs,
    output: () => transcript.text,
    terminate: () => end("SIGTERM"),
    async kill9() {
      await end("SIGKILL");
    },
    async restart() {
      await end("SIGTERM");
      child = await launchAgain(launch);
    },
    async stop() {
      const wasRunning = !hasEnded(child);
      try {
        const code = await end("SIGTERM");
        if (wasRunning && code !== 0) {
          throw new Error(`the server ended with ${code ?? child.signalCode}:\n${transcript.text}`);
        }
      } finally {
        await removeData(dataDir);
      }
    },
  };
}

interface Addresses {
  readonly grpc: string;
  readonly http: string;
}

/** Settings go by environment, so that flags of a test win instead of being given twice. */
function environment(dataDir: string, addresses: Addresses, options: TestServerOptions) {
  const inherited = ["PATH", "HOME", "TMPDIR"].flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return {
    ...Object.fromEntries(inherited),
    DLQ_LISTEN_GRPC: addresses.grpc,
    DLQ_LISTEN_HTTP: addresses.http,
    DLQ_DATA_DIR: dataDir,
    DLQ_LOG_FORMAT: "json",
    DLQ_DRAIN_GRACE: "200ms", // when a test stops its server, no worker reports outcomes
    ...(options.redisUrl === undefined
      ? { DLQ_REDIS_SERVER: findRedisServer() }
      : { DLQ_REDIS_URL: options.redisUrl }),
    ...options.env,
  };
}

/** The output of all runs of one server. */
class Transcript {
  readonly logs: LogLine[] = [];
  text = "";

  add(line: string): LogLine | undefined {
    this.text = `${this.text}${line}\n`.slice(-KEPT_OUTPUT_CHARS);
    const log = parseLog(line);
    if (log !== undefined) this.logs.push(log);
    return log;
  }
}

function parseLog(line: string): LogLine | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null ? { ...value } : undefined;
  } catch {
    return undefined; // warnings of Node, or a crash
  }
}

/**
 * Resolves with the addresses of the `listening` log line once the store is ready: until then the server answers
 * UNAVAILABLE.
 */
async function untilServing(child: Child, transcript: Transcript): Promise<Addresses> {
  const { promise, resolve: serving, reject } = Promise.withResolvers<Addresses>();
  let addresses: Addresses | undefined;
  let hasStore = false;
  createInterface({ input: child.stdout }).on("line", (line) => {
    const log = transcript.add(line);
    if (log?.msg === "listening") addresses = { grpc: String(log.grpc), http: String(log.http) };
    if (log?.msg === "the store is ready") hasStore = true;
    if (addresses !== undefined && hasStore) serving(addresses);
  });
  createInterface({ input: child.stderr }).on("line", (line) => void transcript.add(line));
  const fail = (what: string) => reject(new Error(`the server ${what}:\n${transcript.text}`));
  child.once("error", reject);
  // `close`, not `exit`: by then all output has been read.
  child.once("close", (code, signal) => fail(`ended at its start with ${code ?? signal}`));
  const timer = setTimeout(() => {
    child.kill("SIGTERM");
    fail("did not log that it listens and has its store");
  }, START_DEADLINE_MS);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
  }
}

function hasEnded(child: Child): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

/** Removes the data, after ending a Redis that a killed server has left. */
async function removeData(dataDir: string): Promise<void> {
  const names = await readdir(dataDir, { recursive: true });
  const sockets = names.filter((name) => basename(name) === "redis.sock");
  await Promise.all(sockets.map((name) => shutDownRedis(join(dataDir, name))));
  await rm(dataDir, { recursive: true, force: true });
}

function shutDownRedis(socketPath: string): Promise<void> {
  return new Promise((done) => {
    const socket = connect(socketPath);
    socket.once("connect", () => socket.write("SHUTDOWN NOSAVE\r\n"));
    socket.resume();
    socket.once("error", () => socket.destroy()); // a stale file
    socket.once("close", () => done());
  });
}
