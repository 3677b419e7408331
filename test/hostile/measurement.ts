// Measures one attack on its own server: first without other load, then under attack, then beside a harmless load with the
// same CPU.

import { fork } from "node:child_process";
import { setTimeout as delay } from "node:timers/promises";
import type { Attack } from "./attack.ts";
import type { ControlOrder } from "./control-load.ts";
import { cpuMs } from "./process-figures.ts";
import { type Latencies, SteadyClient } from "./steady-client.ts";
import { FULL_QUEUE, startTarget } from "./target-server.ts";
import { runTrial, type Trial } from "./trial.ts";

export interface Measured {
  readonly idle: Latencies;
  readonly control: Latencies;
  readonly trial: Trial;
}

const CONTROL = new URL("./control-load.ts", import.meta.url);
const LIMITS = { setUpWithinMs: 20_000, enoughWithinMs: 30_000, recoversWithinMs: 30_000 };

export async function measureOne(
  attack: Attack,
  lastsMs: number,
  dueMiB: number,
): Promise<Measured> {
  const server = await startTarget(dueMiB);
  const steady = new SteadyClient(server.grpcAddress);
  try {
    await delay(1_000); // compilation at first use must not count
    await steady.take();
    const cpuBefore = cpuMs(server.pid);
    await delay(lastsMs);
    const idle = await steady.take();
    const ofSteady = ((cpuMs(server.pid) - cpuBefore) / lastsMs) * 1_000;
    const trial = await runTrial(server, steady, attack, FULL_QUEUE, { lastsMs, ...LIMITS });
    const order = {
      grpc: server.grpcAddress,
      serverPid: server.pid,
      serverCpu: Math.max(trial.serverCpu, ofSteady),
      ownCpu: trial.attackerCpu,
    };
    const control = await beside(order, steady, lastsMs);
    return { idle, control, trial };
  } finally {
    await steady.end();
    await server.stop();
  }
}

async function beside(order: ControlOrder, steady: SteadyClient, lastsMs: number) {
  const child = fork(CONTROL, { execArgv: [], stdio: ["ignore", "inherit", "inherit", "ipc"] });
  try {
    child.send(order);
    await delay(1_000);
    await steady.take();
    await delay(lastsMs);
    return await steady.take();
  } finally {
    child.kill();
  }
}
