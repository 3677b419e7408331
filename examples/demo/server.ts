// The dlq-service of one demo: a process as `npm start` runs it, with an embedded Redis, a temporary data folder and
// free ports on the loopback interface.

import { mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { startChild } from "./child.ts";

export interface Addresses {
  /** `127.0.0.1:PORT`. */
  readonly grpc: string;
  readonly http: string;
}

export interface DemoServer extends Addresses, AsyncDisposable {
  /** Rejects if the process ends before it is disposed. Never resolves. */
  readonly failed: Promise<never>;
}

export const CONFIG_FILE = resolve(import.meta.dirname, "dlq.yaml");
const MAIN = resolve(import.meta.dirname, "../../src/main.ts");

/**
 * @param natsUrl NATS that gets its events; undefined: none
 * @param signal aborts the start. If this rejects, the process has ended and the folder is removed.
 */
export async function startServer(
  natsUrl: string | undefined,
  signal: AbortSignal,
): Promise<DemoServer> {
  const dataDir = await makeDataFolder();
  try {
    const args = [MAIN, "serve", "--config", CONFIG_FILE];
    const { ready, failed, end } = await startChild(
      {
        name: "the server",
        file: process.execPath,
        args,
        env: { ...environment(dataDir), ...(natsUrl && { DLQ_NATS_URL: natsUrl }) },
        onLine: createReadiness(),
      },
      signal,
    );
    const stop = async () => {
      await end();
      await removeDataFolder(dataDir);
    };
    return { ...ready, failed, [Symbol.asyncDispose]: stop };
  } catch (error) {
    await removeDataFolder(dataDir);
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

/** Returns the addresses when a server listens and its store is ready. It logs the two in any order. */
export function createReadiness(): (line: string) => Addresses | undefined {
  let addresses: Addresses | undefined;
  let hasStore = false;
  return (line) => {
    const log = parse(line);
    if (log.msg === "listening") addresses = { grpc: String(log.grpc), http: String(log.http) };
    if (log.msg === "the store is ready") hasStore = true;
    return hasStore ? addresses : undefined;
  };
}

/** Returns {} for other lines, such as warnings of Node. */
function parse(line: string): Record<string, unknown> {
  try {
    return JSON.parse(line);
  } catch {
    return {};
  }
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
