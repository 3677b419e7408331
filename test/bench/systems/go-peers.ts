// Asynq and NATS JetStream. Their load processes are one Go binary, which `npm run bench` builds.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { freePort } from "../../support/redis.ts";
import { LoadProcess } from "../load/load-process.ts";
import { startOnRedis } from "./on-redis.ts";
import { endAll, type Fsync, noRedis, type RunningSystem, type SystemName } from "./system.ts";

const BIN = resolve(import.meta.dirname, "../../../.runtime/bin");
const START_DEADLINE_MS = 10_000;

export function startAsynq(name: SystemName, fsync: Fsync): Promise<RunningSystem> {
  const peers = program("bench-peers");
  return startOnRedis(name, fsync, (path) => new LoadProcess(peers, ["asynq", path]));
}

/** By default JetStream answers before a message is on disk. With `always` it waits for that. */
export async function startJetstream(
  name: SystemName,
  sync: "always" | "default",
): Promise<RunningSystem> {
  const peers = program("bench-peers");
  const dir = await mkdtemp("/tmp/dlq-nats-");
  const port = await freePort();
  const config = join(dir, "nats.conf");
  const interval = sync === "always" ? "sync_interval: always" : "";
  await writeFile(
    config,
    `listen: "127.0.0.1:${port}"\njetstream { store_dir: "${dir}/store", ${interval} }\n`,
  );
  const child = spawn(program("nats-server"), ["-c", config], { stdio: "ignore" });
  const kill = () => void child.kill("SIGKILL");
  process.on("exit", kill);
  const loads: LoadProcess[] = [];
  const end = async () => {
    process.off("exit", kill);
    if (child.exitCode === null && child.signalCode === null) {
      const exited = once(child, "exit");
      child.kill("SIGKILL"); // its data is not needed
      await exited;
    }
    await rm(dir, { recursive: true, force: true });
  };
  try {
    await untilListening(port);
  } catch (error) {
    await end();
    throw error;
  }
  return {
    name,
    grpcAddresses: [],
    loads,
    pids: () => ({ server: [child.pid ?? 0] }),
    startLoad() {
      const load = new LoadProcess(peers, ["jetstream", `nats://127.0.0.1:${port}`]);
      loads.push(load);
      return load;
    },
    redis: noRedis(name),
    stop: () => endAll(loads, [end]),
  };
}

function program(name: string): string {
  const path = join(BIN, name);
  if (existsSync(path)) return path;
  throw new Error(`${name} is not built; "npm run bench" builds it if Go can reach its proxy`);
}

async function untilListening(port: number): Promise<void> {
  const deadline = AbortSignal.timeout(START_DEADLINE_MS);
  while (!(await isListening(port))) {
    if (deadline.aborted) throw new Error(`nats-server did not listen on ${port} in time`);
    await delay(10);
  }
}

function isListening(port: number): Promise<boolean> {
  return new Promise((answer) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => answer(true));
    socket.once("error", () => answer(false));
    socket.once("connect", () => socket.destroy());
  });
}
