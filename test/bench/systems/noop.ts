// gRPC servers that answer at once: the limit of the transport.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { createInterface } from "node:readline";
import { endAll, noRedis, type RunningSystem, type SystemName } from "./system.ts";

const SERVER = resolve(import.meta.dirname, "../noop/main.ts");
const START_DEADLINE_MS = 10_000;

export async function startNoop(name: SystemName, kind: string): Promise<RunningSystem> {
  const child = spawn(process.execPath, [SERVER, kind], { stdio: ["ignore", "pipe", "inherit"] });
  const kill = () => void child.kill("SIGKILL");
  process.on("exit", kill);
  const end = async () => {
    process.off("exit", kill);
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, "exit");
    child.kill("SIGKILL"); // it has no data
    await exited;
  };
  try {
    const signal = AbortSignal.timeout(START_DEADLINE_MS);
    const [port] = await once(createInterface({ input: child.stdout }), "line", { signal });
    return {
      name,
      grpcAddresses: [`127.0.0.1:${port}`],
      loads: [],
      pids: () => ({ server: [child.pid ?? 0] }),
      startLoad() {
        throw new Error(`${name} has only SendToDlq`);
      },
      redis: noRedis(name),
      stop: () => endAll([], [end]),
    };
  } catch (error) {
    await end();
    throw error;
  }
}
