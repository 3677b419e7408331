// Networks that are slow, parted, half-open; replies that never arrive.

import { setTimeout as sleep } from "node:timers/promises";
import type { Direction } from "../../support/link.ts";
import type { ExternalWorld } from "../rig/external.ts";
import type { FaultKind } from "./kind.ts";

const HOLD_MS = 3_000;
const CUTS = 20;
const EITHER: readonly (readonly Direction[])[] = [["up"], ["down"], ["up", "down"]];

export const cutReplies: FaultKind<ExternalWorld> = {
  name: "cut-replies",
  words: `${CUTS} replies of Redis are lost with their connections, after it has done what was asked`,
  touches: ["store-link"],
  async run({ world, random }) {
    const before = world.storeLink.cut;
    for (let n = 0; n < CUTS; n++) {
      world.storeLink.cutReplies(1);
      await sleep(random.between(20, 250));
    }
    world.storeLink.cutReplies(0);
    return `${world.storeLink.cut - before} replies`;
  },
};

export const cutAnswers: FaultKind = {
  name: "cut-answers",
  words: `${CUTS} answers of servers are lost with their connections, after they have done what was asked`,
  touches: ["client-links"],
  async run({ world, random }) {
    let cut = 0;
    for (let n = 0; n < CUTS; n++) {
      const link = random.pick(world.clientLinks);
      const before = link.cut;
      link.cutReplies(1);
      await sleep(random.between(20, 150));
      link.cutReplies(0);
      cut += link.cut - before;
    }
    return `${cut} answers`;
  },
};

export const slowStore: FaultKind<ExternalWorld> = {
  name: "slow-store-link",
  words: "20 to 200 ms more on each way between servers and Redis",
  touches: ["store-link"],
  async run({ world, random }) {
    const latencyMs = random.between(20, 200);
    world.storeLink.set({ latencyMs });
    await sleep(HOLD_MS);
    world.storeLink.clear();
    return `${latencyMs} ms`;
  },
};

export const slowClients: FaultKind = {
  name: "slow-client-links",
  words: "50 to 500 ms more on each way between clients and servers",
  touches: ["client-links"],
  async run({ world, random }) {
    const latencyMs = random.between(50, 500);
    for (const link of world.clientLinks) link.set({ latencyMs });
    await sleep(HOLD_MS);
    for (const link of world.clientLinks) link.clear();
    return `${latencyMs} ms`;
  },
};

export const partStore: FaultKind<ExternalWorld> = {
  name: "parted-from-store",
  words: "servers and Redis are parted for 3 s; what was sent arrives afterwards",
  touches: ["store-link"],
  async run({ world, random }) {
    const directions = random.pick(EITHER);
    world.storeLink.set({ stalled: true }, directions);
    await sleep(HOLD_MS);
    world.storeLink.clear();
    return directions.join(" and ");
  },
};

export const halfOpenStore: FaultKind<ExternalWorld> = {
  name: "half-open-store-links",
  words: "all connections to Redis go silent for good, and nobody is told",
  touches: ["store-link"],
  async run({ world, random }) {
    const directions = random.pick(EITHER);
    world.storeLink.set({ blackhole: true }, directions);
    await sleep(HOLD_MS);
    world.storeLink.clear();
    return directions.join(" and ");
  },
};

export const halfOpenClients: FaultKind = {
  name: "half-open-client-links",
  words: "the connections of one server's clients go silent for good, and nobody is told",
  touches: ["client-links"],
  async run({ world, random }) {
    const link = random.pick(world.clientLinks);
    const directions = random.pick(EITHER);
    link.set({ blackhole: true }, directions);
    await sleep(HOLD_MS);
    link.clear();
    return `link ${world.clientLinks.indexOf(link) + 1}, ${directions.join(" and ")}`;
  },
};

export const resetLinks: FaultKind = {
  name: "connection-resets",
  words: "every connection between clients and servers is reset, ten times in two seconds",
  touches: ["client-links"],
  async run({ world }) {
    for (let n = 0; n < 10; n++) {
      for (const link of world.clientLinks) link.reset();
      await sleep(200);
    }
    return undefined;
  },
};
