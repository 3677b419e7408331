// A nats-server for a test, with a temporary folder and a free loopback port of its own.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { freePort } from "./redis.ts";

export interface TestNatsOptions {
  /** Further lines of its configuration, such as users. */
  readonly config?: string;
  /** Default true. */
  readonly jetstream?: boolean;
}

/** Stops at the end of its scope, too. */
export interface TestNats extends AsyncDisposable {
  readonly dir: string;
  readonly port: number;
  /** `nats://127.0.0.1:…`, without credentials. */
  readonly url: string;
  /** SIGKILL. It stays down until `restart`. */
  kill9(): Promise<void>;
  /** Stops answering (SIGSTOP), like a server that hangs. */
  pause(): void;
  resume(): void;
  /** Same folder and port. Stops the running server first, if there is one. */
  restart(config?: string): Promise<void>;
  /** Stops the server and removes its folder. */
  stop(): Promise<void>;
}

/** Until a server listens. Ends a test that hangs: far above what a slow machine needs. */
const START_DEADLINE_MS = 120_000;

/** Killed when the test process ends. */
const running = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

export async function startTestNats(options: TestNatsOptions = {}): Promise<TestNats> {
  const dir = await mkdtemp(join(tmpdir(), "dlq-nats-"));
  const port = await freePort();
  const file = join(dir, "nats.conf");
  const configure = (more = "") =>
    writeFile(
      file,
      [
        `listen: "127.0.0.1:${port}"`,
        options.jetstream === false ? "" : `jetstream { store_dir: "${dir}/store" }`,
        more,
      ].join("\n"),
    );
  await configure(options.config);
  let child = await launch(file, port);

  const end = async (signal: NodeJS.Signals) => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, "exit");
    child.kill("SIGCONT"); // a paused server does not handle SIGTERM
    child.kill(signal);
    await exited;
  };

  const stop = async () => {
    await end("SIGKILL");
    await rm(dir, { recursive: true, force: true });
  };

  return {
    dir,
    port,
    url: `nats://127.0.0.1:${port}`,
    kill9: () => end("SIGKILL"),
    pause: () => void child.kill("SIGSTOP"),
    resume: () => void child.kill("SIGCONT"),
    async restart(config = options.config) {
      await end("SIGTERM");
      await configure(config);
      child = await launch(file, port);
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

async function launch(file: string, port: number): Promise<ChildProcess> {
  const child = spawn(findNatsServer(), ["-c", file], { stdio: ["ignore", "ignore", "pipe"] });
  running.add(child);
  let output = "";
  child.stderr.on("data", (chunk: Buffer) => {
    output = (output + chunk.toString()).slice(-4_000);
  });
  child.once("exit", () => running.delete(child));
  const failure = new Promise<never>((_, reject) => {
    child.once("error", reject);
    child.once("exit", () => reject(new Error(`nats-server ended at its start:\n${output}`)));
  });
  failure.catch(() => {}); // it ends later, too
  try {
    await Promise.race([failure, untilListening(port)]);
  } catch (error) {
    child.kill("SIGKILL");
    throw error;
  }
  return child; // from now on only the test ends it
}

async function untilListening(port: number): Promise<void> {
  const deadline = AbortSignal.timeout(START_DEADLINE_MS);
  while (!(await isListening(port))) {
    if (deadline.aborted) throw new Error(`nats-server did not listen on ${port} in time`);
    await delay(5);
  }
}

/** It listens once JetStream has started. */
function isListening(port: number): Promise<boolean> {
  return new Promise((answer) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => {
      socket.destroy();
      answer(true);
    });
    socket.once("error", () => answer(false));
  });
}

function findNatsServer(): string {
  const path = resolve(import.meta.dirname, "../../.runtime/bin/nats-server");
  if (existsSync(path)) return path;
  throw new Error("no nats-server: run `npm test -- test/nats` once, which builds it");
}
