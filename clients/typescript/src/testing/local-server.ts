// Runs the real server during a test.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { createInterface } from "node:readline";

/** Options of {@link startLocalServer}. */
export interface LocalServerOptions {
  /**
   * The command of the server. Default: `DLQ_SERVER_COMMAND`, such as
   * `node path/to/dlq-service/src/main.mjs`, split at spaces; else `dlq-server` on the PATH.
   */
  readonly command?: readonly string[] | undefined;
  /** Settings of the server, as `DLQ_…` variables. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** Time limit of a start, in ms. Default 60,000. */
  readonly timeoutMs?: number | undefined;
}

/** A server on free ports of this machine, with its own data. */
export interface LocalServer extends AsyncDisposable {
  /** The gRPC address, for `createDlqClient`. A restart keeps it. */
  readonly url: string;
  /** The HTTP address, for browsers and `curl`. */
  readonly httpUrl: string;
  /** Stops the server and removes its data. */
  stop(): Promise<void>;
  /** Kills the server. Its data stay. */
  kill(): Promise<void>;
  /** Restarts the server with the same data and addresses. */
  restart(): Promise<void>;
}

const TIMEOUT_MS = 60_000;
/** A store that is still ending may hold a file for a moment. */
const REMOVE = { recursive: true, force: true, maxRetries: 5 } as const;

export async function startLocalServer(options: LocalServerOptions = {}): Promise<LocalServer> {
  const { timeoutMs = TIMEOUT_MS, command = commandOfEnvironment() } = options;
  // Directly in /tmp: the path of a unix socket must be short.
  const root = process.platform === "win32" ? tmpdir() : "/tmp";
  const dataDir = await mkdtemp(join(root, "dlq-"));
  let addresses: Addresses = { grpc: "127.0.0.1:0", http: "127.0.0.1:0" };
  let child: ChildProcess | undefined;

  async function launch(): Promise<void> {
    const env = {
      ...environment(),
      DLQ_LISTEN_GRPC: addresses.grpc,
      DLQ_LISTEN_HTTP: addresses.http,
      DLQ_DATA_DIR: dataDir,
      DLQ_LOG_FORMAT: "json",
      DLQ_DRAIN_GRACE: "200ms", // no worker is left to report outcomes
      ...options.env,
    };
    const [program = "dlq", ...args] = command;
    const started = spawn(program, [...args, "serve"], { env, stdio: ["ignore", "pipe", "pipe"] });
    const onExit = () => void started.kill();
    process.once("exit", onExit);
    started.once("exit", () => process.off("exit", onExit));
    child = started;
    addresses = await serving(started, timeoutMs);
  }

  async function end(signal: NodeJS.Signals): Promise<void> {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, "exit");
    child.kill(signal);
    await exited;
  }

  async function stop(): Promise<void> {
    await end("SIGTERM");
    await endStore(dataDir);
    await rm(dataDir, REMOVE);
  }

  try {
    await launch();
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    url: `http://${addresses.grpc}`,
    httpUrl: `http://${addresses.http}`,
    stop,
    kill: () => end("SIGKILL"),
    async restart() {
      await end("SIGTERM");
      await launch();
    },
    [Symbol.asyncDispose]: stop,
  };
}

interface Addresses {
  readonly grpc: string;
  readonly http: string;
}

/** Returns the environment without `DLQ_…` settings, except the path of the store's program. */
function environment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !name.startsWith("DLQ_") || name === "DLQ_REDIS_SERVER",
  );
  return Object.fromEntries(kept);
}

function commandOfEnvironment(): readonly string[] {
  const parts = (process.env.DLQ_SERVER_COMMAND ?? "").split(/\s+/).filter((part) => part !== "");
  return parts.length > 0 ? parts : ["dlq-server"];
}

/** Resolves when the server accepts calls and its store is ready. */
async function serving(child: ChildProcess, timeoutMs: number): Promise<Addresses> {
  let output = "";
  let addresses: Addresses | undefined;
  let hasStore = false;
  return new Promise((resolve, reject) => {
    const fail = (message: string) => {
      clearTimeout(timer);
      reject(new Error(`the server ${message}; is DLQ_SERVER_COMMAND right?\n${output}`));
    };
    const timer = setTimeout(() => {
      child.kill("SIGTERM");
      fail(`did not start within ${timeoutMs} ms`);
    }, timeoutMs);
    const read = (line: string) => {
      output = `${output}${line}\n`.slice(-4_000); // a server may write much
      const entry = parsed(line);
      if (entry?.msg === "listening") {
        addresses = { grpc: String(entry.grpc), http: String(entry.http) };
      }
      if (entry?.msg === "the store is ready") hasStore = true;
      if (addresses === undefined || !hasStore) return;
      clearTimeout(timer);
      resolve(addresses);
    };
    for (const stream of [child.stdout, child.stderr]) {
      if (stream !== null) createInterface({ input: stream }).on("line", read);
    }
    child.once("error", (error) => fail(`cannot be run: ${error.message}`));
    child.once("close", (code, signal) => fail(`ended at its start with ${code ?? signal}`));
  });
}

function parsed(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null ? { ...value } : undefined;
  } catch {
    return undefined; // not a log line
  }
}

/** Shuts down the store, which outlives a killed server. */
async function endStore(dataDir: string): Promise<void> {
  const names = await readdir(dataDir, { recursive: true }).catch(() => []);
  const sockets = names.filter((name) => basename(name) === "redis.sock");
  await Promise.all(
    sockets.map(
      (name) =>
        new Promise<void>((resolve) => {
          const socket = connect(join(dataDir, name));
          socket.once("connect", () => socket.write("SHUTDOWN NOSAVE\r\n"));
          socket.once("error", () => socket.destroy());
          socket.once("close", () => resolve());
          socket.resume();
        }),
    ),
  );
}
