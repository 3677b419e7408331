// Faults of NATS, to which servers publish events. Deliveries must not notice them.

import { setTimeout as sleep } from "node:timers/promises";
import { until } from "../../support/until.ts";
import type { EventsEnvironment } from "../rig/events.ts";
import type { FaultKind } from "./kind.ts";
import { hold } from "./links.ts";
import { mustBeAnother, mustRun } from "./process-state.ts";

const DOWN_MS = 3_000;
/** Longer than a server waits for an answer. */
const HANG_MS = 6_000;
const SEEN_DEADLINE_MS = 60_000;

/** Waits until events had to wait. Returns how many happened meanwhile. */
async function letEventsWait({ record }: EventsEnvironment, forMs: number): Promise<string> {
  await record.upToNow();
  const before = record.happened.length;
  const waiting = () => record.happened.length - before;
  await sleep(forMs);
  await until("events to wait", () => waiting() > 0 || undefined, SEEN_DEADLINE_MS);
  return `${waiting()} events waited`;
}

export const killNats: FaultKind<EventsEnvironment> = {
  name: "kill-nats",
  words: "kill -9 and restart of NATS",
  touches: ["nats"],
  async run({ environment, random }) {
    const { nats } = environment;
    await nats.kill9();
    try {
      return await letEventsWait(environment, random.below(DOWN_MS));
    } finally {
      await nats.restart();
    }
  },
};

export const stopNats: FaultKind<EventsEnvironment> = {
  name: "stop-nats",
  words: "SIGSTOP of NATS for longer than servers wait for its answer",
  touches: ["nats"],
  async run({ environment }) {
    environment.nats.pause();
    try {
      return await letEventsWait(environment, HANG_MS);
    } finally {
      environment.nats.resume();
    }
  },
};

export const slowNats: FaultKind<EventsEnvironment> = {
  name: "slow-nats-links",
  words: "20 to 200 ms more in each direction between servers and NATS",
  touches: ["nats"],
  async run({ environment, random }) {
    const latencyMs = random.between(20, 200);
    const { natsLinks } = environment;
    for (const link of natsLinks) link.set({ latencyMs });
    try {
      return `${latencyMs} ms, ${await hold(natsLinks, "held")}`;
    } finally {
      for (const link of natsLinks) link.clear();
    }
  },
};

export const fillStream: FaultKind<EventsEnvironment> = {
  name: "nats-full",
  words: "the stream of NATS refuses events, because it is full; then it has room again",
  touches: ["nats"],
  async run({ environment }) {
    const enlarge = await environment.stream.fill();
    try {
      return await letEventsWait(environment, DOWN_MS);
    } finally {
      await enlarge();
    }
  },
};

export const killPublisher: FaultKind<EventsEnvironment> = {
  name: "kill-publisher",
  words: "kill -9 of a server after NATS has stored its events, and before it gets the answer",
  touches: ["nats", "servers"],
  async run({ environment, random }) {
    const { servers, natsLinks, stream } = environment;
    const place = random.below(servers.length);
    const [server, link] = [servers[place], natsLinks[place]];
    if (server === undefined || link === undefined) throw new Error("there is no such server");
    const { pid } = server;
    mustRun("the server", pid);
    link.set({ stalled: true }, ["down"]);
    try {
      // An answer to events that is held is behind them.
      await stream.readOn();
      const { held } = link;
      await until("an answer of NATS", () => link.held > held || undefined, SEEN_DEADLINE_MS);
      await server.kill9();
    } finally {
      link.clear();
    }
    await server.restart();
    mustBeAnother("the server", pid, server.pid);
    return `server ${place + 1}`;
  },
};
