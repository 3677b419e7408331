// Processes that die and hang: kill -9, SIGSTOP, restarts.

import { setTimeout as sleep } from "node:timers/promises";
import type { ExternalWorld } from "../rig/external.ts";
import { LEASE_MS, type World } from "../rig/world.ts";
import type { FaultContext, FaultKind } from "./kind.ts";
import { holdStill, mustBeAnother, mustRun } from "./process-state.ts";

/** Longer than a lease, so that what was held expires meanwhile. */
const PAST_LEASE_MS = LEASE_MS * 1.5;
const DOWN_MS = 1_000;

/** What can be killed and started again, under another pid each time. */
interface Mortal {
  readonly pid: number;
  kill9(): Promise<void>;
  restart(): Promise<void>;
}

async function killAndRestart(name: string, mortal: Mortal, downMs: number): Promise<void> {
  const { pid } = mortal;
  mustRun(name, pid);
  await mortal.kill9();
  await sleep(downMs);
  await mortal.restart();
  mustBeAnother(name, pid, mortal.pid);
}

export const killServer: FaultKind = {
  name: "kill-server",
  words: "kill -9 of a server, which is started again",
  touches: ["servers"],
  async run({ world, random }) {
    const server = random.pick(world.servers);
    await killAndRestart("the server", server, random.below(DOWN_MS));
    return `server ${world.servers.indexOf(server) + 1}`;
  },
};

export const killStore: FaultKind<ExternalWorld> = {
  name: "kill-redis",
  words: "kill -9 of Redis, which is started again",
  touches: ["store"],
  async run({ world, random }) {
    await killAndRestart("Redis", world.store, random.below(DOWN_MS));
    return undefined;
  },
};

export const killBoth: FaultKind<ExternalWorld> = {
  name: "kill-both",
  words: "kill -9 of Redis and of every server at the same moment",
  touches: ["servers", "store"],
  async run({ world }) {
    const mortals: readonly Mortal[] = [world.store, ...world.servers];
    const before = mortals.map(({ pid }) => pid);
    for (const pid of before) mustRun("a server or Redis", pid);
    await Promise.all(mortals.map((mortal) => mortal.kill9()));
    await world.store.restart();
    await Promise.all(world.servers.map((server) => server.restart()));
    for (const [at, { pid }] of mortals.entries())
      mustBeAnother("a server or Redis", before[at] ?? 0, pid);
    return undefined;
  },
};

export const stopServer: FaultKind = {
  name: "stop-server",
  words: "SIGSTOP of a server for longer than a lease",
  touches: ["servers"],
  async run({ world, random }) {
    const server = random.pick(world.servers);
    await holdStill("the server", server.pid, PAST_LEASE_MS);
    return `server ${world.servers.indexOf(server) + 1}`;
  },
};

export const stopStore: FaultKind<ExternalWorld> = {
  name: "stop-redis",
  words: "SIGSTOP of Redis for longer than a lease",
  touches: ["store"],
  async run({ world }) {
    await holdStill("Redis", world.store.pid, PAST_LEASE_MS);
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
  async run({ world }: FaultContext<World>) {
    for (const server of world.servers) {
      const { pid } = server;
      mustRun("a server", pid);
      const code = await server.terminate();
      await server.restart();
      if (code !== 0) throw new Error(`a server ended with ${code} when it was asked to end`);
      mustBeAnother("a server", pid, server.pid);
    }
    return undefined;
  },
};

/** Longer than every deadline of the stack: a client's worker gives its outcomes up after 32 s. */
const OUTAGE_MS = 36_000;

export const longOutage: FaultKind<ExternalWorld> = {
  name: "long-outage",
  words: `Redis is away for ${OUTAGE_MS / 1_000} s, longer than every deadline of servers and clients`,
  touches: ["store", "servers"],
  async run({ world }) {
    await killAndRestart("Redis", world.store, OUTAGE_MS);
    return undefined;
  },
};
