// Faults of processes: kill -9, SIGSTOP and restarts.

import { setTimeout as sleep } from "node:timers/promises";
import { type Environment, LEASE_MS } from "../rig/environment.ts";
import type { ExternalEnvironment } from "../rig/external.ts";
import type { FaultContext, FaultKind } from "./kind.ts";
import { holdStill, mustBeAnother, mustRun } from "./process-state.ts";

/** Longer than a lease, so that leases expire. */
const PAST_LEASE_MS = LEASE_MS * 1.5;
const DOWN_MS = 1_000;

/** A process that can be killed and restarted, with another pid each time. */
interface Restartable {
  readonly pid: number;
  kill9(): Promise<void>;
  restart(): Promise<void>;
}

async function killAndRestart(name: string, target: Restartable, downMs: number): Promise<void> {
  const { pid } = target;
  mustRun(name, pid);
  await target.kill9();
  await sleep(downMs);
  await target.restart();
  mustBeAnother(name, pid, target.pid);
}

export const killServer: FaultKind = {
  name: "kill-server",
  words: "kill -9 and restart of a server",
  touches: ["servers"],
  async run({ environment, random }) {
    const server = random.pick(environment.servers);
    await killAndRestart("the server", server, random.below(DOWN_MS));
    return `server ${environment.servers.indexOf(server) + 1}`;
  },
};

export const killStore: FaultKind<ExternalEnvironment> = {
  name: "kill-redis",
  words: "kill -9 and restart of Redis",
  touches: ["store"],
  async run({ environment, random }) {
    await killAndRestart("Redis", environment.store, random.below(DOWN_MS));
    return undefined;
  },
};

export const killBoth: FaultKind<ExternalEnvironment> = {
  name: "kill-both",
  words: "kill -9 of Redis and all servers at the same moment",
  touches: ["servers", "store"],
  async run({ environment }) {
    const targets: readonly Restartable[] = [environment.store, ...environment.servers];
    const before = targets.map(({ pid }) => pid);
    for (const pid of before) mustRun("a server or Redis", pid);
    await Promise.all(targets.map((target) => target.kill9()));
    await environment.store.restart();
    await Promise.all(environment.servers.map((server) => server.restart()));
    for (const [at, { pid }] of targets.entries())
      mustBeAnother("a server or Redis", before[at] ?? 0, pid);
    return undefined;
  },
};

export const stopServer: FaultKind = {
  name: "stop-server",
  words: "SIGSTOP of a server for longer than a lease",
  touches: ["servers"],
  async run({ environment, random }) {
    const server = random.pick(environment.servers);
    await holdStill("the server", server.pid, PAST_LEASE_MS);
    return `server ${environment.servers.indexOf(server) + 1}`;
  },
};

export const stopStore: FaultKind<ExternalEnvironment> = {
  name: "stop-redis",
  words: "SIGSTOP of Redis for longer than a lease",
  touches: ["store"],
  async run({ environment }) {
    await holdStill("Redis", environment.store.pid, PAST_LEASE_MS);
    return undefined;
  },
};

export const stopWorker: FaultKind = {
  name: "stop-worker",
  words: "SIGSTOP of a worker for longer than its leases",
  touches: ["workers"],
  async run({ crew, random }) {
    const worker = random.pick(crew.workers);
    await holdStill(worker.name, worker.pid, PAST_LEASE_MS);
    return worker.name;
  },
};

export const killWorker: FaultKind = {
  name: "kill-worker",
  words: "kill -9 of a worker; another one starts",
  touches: ["workers"],
  async run({ crew, random }) {
    const worker = random.pick(crew.workers);
    mustRun(worker.name, worker.pid);
    await worker.kill9();
    return `${worker.name}, replaced by ${crew.replace(worker).name}`;
  },
};

export const rollingRestart: FaultKind = {
  name: "rolling-restart",
  words: "an orderly restart (SIGTERM) of each server in turn",
  touches: ["servers"],
  async run({ environment }: FaultContext<Environment>) {
    for (const server of environment.servers) {
      const { pid } = server;
      mustRun("a server", pid);
      const code = await server.terminate();
      await server.restart();
      if (code !== 0) throw new Error(`a server exited with ${code} after SIGTERM`);
      mustBeAnother("a server", pid, server.pid);
    }
    return undefined;
  },
};

/** Longer than every deadline: a client's worker gives up its outcomes after 32 s. */
const OUTAGE_MS = 36_000;

export const longOutage: FaultKind<ExternalEnvironment> = {
  name: "long-outage",
  words: `Redis is down for ${OUTAGE_MS / 1_000} s, longer than every deadline of servers and clients`,
  touches: ["store", "servers"],
  async run({ environment }) {
    await killAndRestart("Redis", environment.store, OUTAGE_MS);
    return undefined;
  },
};
