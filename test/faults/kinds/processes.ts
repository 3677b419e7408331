// Processes that die and hang: kill -9, SIGSTOP, restarts.

import { setTimeout as sleep } from "node:timers/promises";
import type { ExternalWorld } from "../rig/external.ts";
import { LEASE_MS, type World } from "../rig/world.ts";
import type { FaultContext, FaultKind } from "./kind.ts";

/** Longer than a lease, so that what was held expires meanwhile. */
const PAST_LEASE_MS = LEASE_MS * 1.5;
const DOWN_MS = 1_000;

export const killServer: FaultKind = {
  name: "kill-server",
  words: "kill -9 of a server, which is started again",
  touches: ["servers"],
  async run({ world, random }) {
    const server = random.pick(world.servers);
    await server.kill9();
    await sleep(random.below(DOWN_MS));
    await server.restart();
    return `server ${world.servers.indexOf(server) + 1}`;
  },
};

export const killStore: FaultKind<ExternalWorld> = {
  name: "kill-redis",
  words: "kill -9 of Redis, which is started again",
  touches: ["store"],
  async run({ world, random }) {
    await world.store.kill9();
    await sleep(random.below(DOWN_MS));
    await world.store.restart();
    return undefined;
  },
};

export const killBoth: FaultKind<ExternalWorld> = {
  name: "kill-both",
  words: "kill -9 of Redis and of every server at the same moment",
  touches: ["servers", "store"],
  async run({ world }) {
    await Promise.all([world.store.kill9(), ...world.servers.map((server) => server.kill9())]);
    await world.store.restart();
    await Promise.all(world.servers.map((server) => server.restart()));
    return undefined;
  },
};

export const stopServer: FaultKind = {
  name: "stop-server",
  words: "SIGSTOP of a server for longer than a lease",
  touches: ["servers"],
  async run({ world, random }) {
    const { pid } = random.pick(world.servers);
    process.kill(pid, "SIGSTOP");
    await sleep(PAST_LEASE_MS);
    process.kill(pid, "SIGCONT");
    return undefined;
  },
};

export const stopStore: FaultKind<ExternalWorld> = {
  name: "stop-redis",
  words: "SIGSTOP of Redis for longer than a lease",
  touches: ["store"],
  async run({ world }) {
    world.store.pause();
    await sleep(PAST_LEASE_MS);
    world.store.resume();
    return undefined;
  },
};

export const stopWorker: FaultKind = {
  name: "stop-worker",
  words: "SIGSTOP of a worker for longer than its leases",
  touches: ["workers"],
  async run({ crew, random }) {
    const worker = random.pick(crew.workers);
    worker.pause();
    await sleep(PAST_LEASE_MS);
    worker.resume();
    return worker.name;
  },
};

export const killWorker: FaultKind = {
  name: "kill-worker",
  words: "kill -9 of a worker; another one starts",
  touches: ["workers"],
  async run({ crew, random }) {
    const worker = random.pick(crew.workers);
    await worker.kill9();
    return `${worker.name}, replaced by ${crew.replace(worker).name}`;
  },
};

export const rollingRestart: FaultKind = {
  name: "rolling-restart",
  words: "an orderly restart (SIGTERM) of each server in turn",
  touches: ["servers"],
  async run({ world }: FaultContext<World>) {
    for (const server of world.servers) await server.restart();
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
    await world.store.kill9();
    await sleep(OUTAGE_MS);
    await world.store.restart();
    return undefined;
  },
};
