// A redis-server for a test, with a temporary folder and a unix socket of its own, and a loopback port if asked for.

import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { accessSync, constants, mkdirSync, symlinkSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { type AddressInfo, connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";

export interface TestRedisOptions {
  /** Keep an append-only file, so that data survives `kill9` and `restart`. Default true. */
  readonly appendonly?: boolean;
  /** Default `always`: answered writes are on disk. */
  readonly appendfsync?: "always" | "everysec" | "no";
  /** Default 0: unlimited. The policy is always `noeviction`. */
  readonly maxMemoryBytes?: number;
  /** Listen on a free loopback port too; `url` then names the port. Default: the socket only. */
  readonly port?: boolean;
  /** Further `--name value` pairs for redis-server. */
  readonly args?: readonly string[];
  /** Called before it is started again, with its folder. */
  readonly beforeRestart?: (dir: string) => Promise<unknown>;
}

export interface TestRedis {
  readonly dir: string;
  readonly socketPath: string;
  /** 0 when it listens on the socket only. */
  readonly port: number;
  /** `unix://…`, or `redis://127.0.0.1:…` when a port was asked for. */
  readonly url: string;
  /** Of the running server; changes with `restart`. */
  readonly pid: number;
  /** Runs redis-cli and gives its raw output, trimmed. Rejects on an error reply. */
  cli(...args: readonly string[]): Promise<string>;
  /** SIGKILL. It stays down until `restart`. */
  kill9(): Promise<void>;
  /** Stops answering (SIGSTOP), like a store that hangs. */
  pause(): void;
  resume(): void;
  /**
   * Same folder, socket and port. Stops the running server first, if there is one.
   * @param more further `--name value` pairs, for this run only; they win
   */
  restart(more?: readonly string[]): Promise<void>;
  /** Stops the server and removes its folder. */
  stop(): Promise<void>;
}

/** Until a server answers PING. Ends a test that hangs: far above what a slow machine needs. */
const START_DEADLINE_MS = 120_000;

/** Killed when the test process ends. */
const running = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

export async function startTestRedis(options: TestRedisOptions = {}): Promise<TestRedis> {
  const dir = await mkdtemp(join(tmpdir(), "dlq-redis-"));
  const socketPath = join(dir, "redis.sock");
  const port = options.port === true ? await freePort() : 0;
  const args = serverArgs(dir, socketPath, port, options);

  let child = await launch(args, socketPath);

  const end = async (signal: NodeJS.Signals) => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, "exit");
    child.kill("SIGCONT"); // a paused server does not handle SIGTERM
    child.kill(signal);
    await exited;
  };

  return {
    dir,
    socketPath,
    port,
    url: port === 0 ? `unix://${socketPath}` : `redis://127.0.0.1:${port}`,
    get pid() {
      return pidOf(child);
    },
    async cli(...command) {
      const { stdout } = await promisify(execFile)(
        "redis-cli",
        ["-s", socketPath, "-e", ...command],
        { maxBuffer: 64 << 20 },
      );
      return stdout.trimEnd();
    },
    kill9: () => end("SIGKILL"),
    pause: () => void child.kill("SIGSTOP"),
    resume: () => void child.kill("SIGCONT"),
    async restart(more = []) {
      await end("SIGTERM");
      await options.beforeRestart?.(dir);
      child = await launch([...args, ...more], socketPath);
    },
    async stop() {
      await end("SIGTERM");
      await rm(dir, { recursive: true, force: true });
    },
  };
}

function serverArgs(dir: string, socketPath: string, port: number, options: TestRedisOptions) {
  return [
    ...["--dir", dir, "--unixsocket", socketPath, "--unixsocketperm", "700"],
    ...["--port", String(port), "--bind", "127.0.0.1", "--save", ""],
    ...["--appendonly", options.appendonly === false ? "no" : "yes"],
    ...["--appendfsync", options.appendfsync ?? "always", "--lazyfree-lazy-expire", "yes"],
    ...["--maxmemory", String(options.maxMemoryBytes ?? 0), "--maxmemory-policy", "noeviction"],
    ...(options.args ?? []),
  ];
}

async function launch(args: readonly string[], socketPath: string): Promise<ChildProcess> {
  const child = spawn(findRedisServer(), args, { stdio: ["ignore", "pipe", "pipe"] });
  running.add(child);
  let output = "";
  const keep = (chunk: Buffer) => {
    output = (output + chunk.toString()).slice(-4_000);
  };
  child.stdout.on("data", keep);
  child.stderr.on("data", keep);
  child.once("exit", () => running.delete(child));
  const failure = new Promise<never>((_, reject) => {
    child.once("error", reject);
    child.once("exit", () => reject(new Error(`redis-server ended at its start:\n${output}`)));
  });
  const deadline = AbortSignal.timeout(START_DEADLINE_MS);
  try {
    await Promise.race([failure, untilPong(socketPath, deadline)]);
  } catch (error) {
    child.kill("SIGKILL");
    throw error;
  }
  return child; // from now on only the test ends it
}

/** Resolves when PING is answered by PONG. The socket exists earlier, while data load. */
async function untilPong(socketPath: string, deadline: AbortSignal): Promise<void> {
  while (!(await ping(socketPath))) {
    if (deadline.aborted) throw new Error(`redis-server at ${socketPath} did not answer in time`);
    await delay(5);
  }
}

function ping(socketPath: string): Promise<boolean> {
  return new Promise((answer) => {
    const socket = connect(socketPath);
    socket.once("connect", () => socket.write("PING\r\n"));
    socket.once("data", (reply) => {
      socket.destroy();
      answer(reply.toString().startsWith("+PONG"));
    });
    socket.once("error", () => answer(false));
    socket.once("close", () => answer(false));
  });
}

let found: string | undefined;

/**
 * The redis-server of the tests: DLQ_REDIS_SERVER, else the one in PATH, else the one that `npm test` has set up. Debian's
 * redis-tools has the binary as `redis-check-rdb`; a link gives it its name.
 */
export function findRedisServer(): string {
  found ??= process.env.DLQ_REDIS_SERVER ?? inPath("redis-server") ?? fromRuntime() ?? linked();
  if (found === undefined) {
    throw new Error("no redis-server: run `npm test`, or set DLQ_REDIS_SERVER to its path");
  }
  return found;
}

const RUNTIME_BIN = resolve(import.meta.dirname, "../../.runtime/bin");

function fromRuntime(): string | undefined {
  const path = join(RUNTIME_BIN, "redis-server");
  return isExecutable(path) ? path : undefined;
}

function linked(): string | undefined {
  const binary = inPath("redis-check-rdb");
  if (binary === undefined) return undefined;
  mkdirSync(RUNTIME_BIN, { recursive: true });
  try {
    symlinkSync(binary, join(RUNTIME_BIN, "redis-server"));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error; // another worker was first
  }
  return fromRuntime();
}

function inPath(name: string): string | undefined {
  const dirs = (process.env.PATH ?? "").split(delimiter).filter((dir) => dir !== "");
  return dirs.map((dir) => join(dir, name)).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

function pidOf(child: ChildProcess): number {
  if (child.pid === undefined) throw new Error("redis-server did not start");
  return child.pid;
}
