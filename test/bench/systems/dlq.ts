// This service with default settings and log level, as users run it.

import { execFile } from "node:child_process";
import { readdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { findAgents } from "../../contract/agent-program.ts";
import type { TestNats } from "../../support/nats.ts";
import { findPython, pythonEnvironment } from "../../support/python.ts";
import { freePort, startTestRedis } from "../../support/redis.ts";
import { startTestServer, type TestServer } from "../../support/server.ts";
import { LoadProcess } from "../load/load-process.ts";
import { childrenOf } from "../meter.ts";
import { untilPublished } from "./published.ts";
import {
  endAll,
  type Fsync,
  type LoadProgram,
  type RunningSystem,
  type SystemName,
} from "./system.ts";

const LOAD = resolve(import.meta.dirname, "../load/dlq.ts");
/** Tests of the benchmark use the builds of other tests, because speed does not matter there. */
const AGENT_FORM = process.env.DLQ_BENCH_AGENTS === "test" ? "test" : "bench";
const PYTHON_LOAD = resolve(import.meta.dirname, "../load/python/main.py");

/** Publishes all events to a nats-server of its own. */
export async function startDlqWithNats(
  name: SystemName,
  args: readonly string[],
): Promise<DlqWithNats> {
  // Only then it is needed.
  const { startTestNats } = await import("../../support/nats.ts");
  const monitor = `127.0.0.1:${await freePort()}`;
  const nats = await startTestNats({ config: `http: "${monitor}"` });
  try {
    const system = await startDlq(name, "always", 1, ["--nats-url", nats.url, ...args]);
    return {
      ...system,
      nats,
      settled: () => untilPublished({ monitor, metrics: system.httpAddress }),
      stop: () => endAll(system.loads, [system.stop, nats.stop]),
    };
  } catch (error) {
    await nats.stop();
    throw error;
  }
}

interface DlqSystem extends RunningSystem {
  /** `host:port` of the first server. */
  readonly httpAddress: string;
}

interface DlqWithNats extends DlqSystem {
  readonly nats: TestNats;
}

/** `always` with one server uses the embedded Redis. All others use an external one. */
export async function startDlq(
  name: SystemName,
  fsync: Fsync,
  serverCount: number,
  args: readonly string[] = [],
): Promise<DlqSystem> {
  const isEmbedded = fsync === "always" && serverCount === 1;
  const redis = isEmbedded ? undefined : await startTestRedis({ appendfsync: fsync });
  const options = { args, ...(redis && { redisUrl: redis.url }) };
  const servers: TestServer[] = [];
  const loads: LoadProcess[] = [];
  const stop = () =>
    endAll(loads, [
      async () => {
        await Promise.all(servers.map((server) => server.stop()));
        await redis?.stop();
      },
    ]);
  try {
    while (servers.length < serverCount) servers.push(await startTestServer(options));
  } catch (error) {
    await stop();
    throw error;
  }
  const socketPath = redis?.socketPath ?? (await embeddedSocket(servers[0]?.dataDir ?? ""));
  const grpcAddresses = servers.map((server) => server.grpcAddress);
  const serverPids = servers.map((server) => server.pid);
  return {
    name,
    grpcAddresses,
    httpAddress: servers[0]?.httpAddress ?? "",
    loads,
    pids: () => ({
      server: serverPids,
      redis: redis === undefined ? serverPids.flatMap(childrenOf) : [redis.pid],
    }),
    startLoad(program = "node") {
      // Each load starts with another server, so that single streams are spread too.
      const turn = loads.length % grpcAddresses.length;
      const addresses = [...grpcAddresses.slice(turn), ...grpcAddresses.slice(0, turn)];
      const load = startProgram(program, addresses);
      loads.push(load);
      return load;
    },
    async redis(...words) {
      const args = ["-s", socketPath, "-e", ...words];
      const { stdout } = await promisify(execFile)("redis-cli", args, { maxBuffer: 64 << 20 });
      return stdout.trimEnd();
    },
    output: () => servers.map((server) => server.output()).join("\n"),
    stop,
  };
}

function startProgram(program: LoadProgram, addresses: readonly string[]): LoadProcess {
  if (program === "node") return new LoadProcess(process.execPath, [LOAD, ...addresses]);
  const [address = ""] = addresses;
  if (program === "python-threads" || program === "python-asyncio") {
    const kind = program.slice("python-".length);
    const env = pythonEnvironment();
    return new LoadProcess(findPython(), [PYTHON_LOAD, kind, address], { env });
  }
  const agent = findAgents(AGENT_FORM).find(({ language }) => language === program);
  if (agent?.isBuilt !== true) {
    throw new Error(`the program in ${program} is not built: \`npm run bench\` builds it`);
  }
  const [command = "", ...args] = agent.command;
  // As mostly in production: a backtrace would be most of the cost of a send in Rust.
  const place = { env: { ...agent.env, RUST_BACKTRACE: "0" }, cwd: agent.folder };
  return new LoadProcess(command, [...args, "load", address], place);
}

async function embeddedSocket(dataDir: string): Promise<string> {
  const names = await readdir(dataDir, { recursive: true });
  const name = names.find((one) => one.endsWith("redis.sock"));
  if (name === undefined) throw new Error(`no Redis socket in ${dataDir}`);
  return join(dataDir, name);
}
