// Networks that are slow, parted, half-open; replies that never arrive.

import { setTimeout as sleep } from "node:timers/promises";
import type { Direction } from "../../support/link.ts";
import type { LinkProxy } from "../../support/link-proxy.ts";
import { until } from "../../support/until.ts";
import type { ExternalWorld } from "../rig/external.ts";
import type { World } from "../rig/world.ts";
import type { FaultKind } from "./kind.ts";

const HOLD_MS = 3_000;
const CUTS = 20;
/** For what makes it slow at the same time: a server or a store that is down or parted. */
const SEEN_DEADLINE_MS = 45_000;
const EITHER: readonly (readonly Direction[])[] = [["up"], ["down"], ["up", "down"]];

/** Cuts so many answers, one after the other. @throws Error if there were too few to cut */
async function cut(next: () => LinkProxy, pauseMs: () => number): Promise<string> {
  let cuts = 0;
  const cutOne = async () => {
    const link = next();
    const before = link.cut;
    link.cutReplies(1);
    await sleep(pauseMs());
    link.cutReplies(0);
    cuts += link.cut - before;
    return cuts >= CUTS || undefined;
  };
  await until(`${CUTS} answers to cut`, cutOne, SEEN_DEADLINE_MS);
  return `${cuts} cut`;
}

/** Holds a weather for a while, and until it was felt. @throws Error if it never was */
async function hold(link: LinkProxy, felt: "held" | "lostBytes"): Promise<string> {
  const before = link[felt];
  await sleep(HOLD_MS);
  const count = () => link[felt] - before;
  await until(`${felt} of a link`, () => count() > 0 || undefined, SEEN_DEADLINE_MS);
  return felt === "held" ? `${count()} pieces held` : `${count()} bytes lost`;
}

export const cutReplies: FaultKind<ExternalWorld> = {
  name: "cut-replies",
  words: `${CUTS} replies of Redis to scripts are lost with their connections, after it has done what was asked`,
  touches: ["store-link"],
  run: ({ world, random }) =>
    cut(
      () => world.storeLink,
      () => random.between(20, 250),
    ),
};

export const cutAnswers: FaultKind = {
  name: "cut-answers",
  words: `${CUTS} answers of servers are lost with their connections, after they have done what was asked`,
  touches: ["client-links"],
  run: ({ world, random }) =>
    cut(
      () => random.pick(world.clientLinks),
      () => random.between(20, 150),
    ),
};

export const slowStore: FaultKind<ExternalWorld> = {
  name: "slow-store-link",
  words: "20 to 200 ms more on each way between servers and Redis",
  touches: ["store-link"],
  async run({ world, random }) {
    const latencyMs = random.between(20, 200);
    world.storeLink.set({ latencyMs });
    try {
      return `${latencyMs} ms, ${await hold(world.storeLink, "held")}`;
    } finally {
      world.storeLink.clear();
    }
  },
};

export const slowClients: FaultKind = {
  name: "slow-client-links",
  words: "50 to 500 ms more on each way between clients and servers",
  touches: ["client-links"],
  async run({ world, random }) {
    const latencyMs = random.between(50, 500);
    for (const link of world.clientLinks) link.set({ latencyMs });
    try {
      await Promise.any(world.clientLinks.map((link) => hold(link, "held")));
    } finally {
      for (const link of world.clientLinks) link.clear();
    }
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
    try {
      return `${directions.join(" and ")}, ${await hold(world.storeLink, "held")}`;
    } finally {
      world.storeLink.clear();
    }
  },
};

export const halfOpenStore: FaultKind<ExternalWorld> = {
  name: "half-open-store-links",
  words: "all connections to Redis go silent for good, and nobody is told",
  touches: ["store-link"],
  async run({ world, random }) {
    const directions = random.pick(EITHER);
    world.storeLink.set({ blackhole: true }, directions);
    try {
      return `${directions.join(" and ")}, ${await hold(world.storeLink, "lostBytes")}`;
    } finally {
      world.storeLink.clear();
    }
  },
};

/** Those of clients that have connections: all may have left servers that were away for a while. */
function linksInUse({ clientLinks }: World): Promise<readonly LinkProxy[]> {
  const used = () => {
    const links = clientLinks.filter(({ connections }) => connections > 0);
    return links.length > 0 ? links : undefined;
  };
  return until("clients of a server", used, SEEN_DEADLINE_MS);
}

export const halfOpenClients: FaultKind = {
  name: "half-open-client-links",
  words: "the connections of one server's clients go silent for good, and nobody is told",
  touches: ["client-links"],
  async run({ world, random }) {
    const link = random.pick(await linksInUse(world));
    const directions = random.pick(EITHER);
    link.set({ blackhole: true }, directions);
    try {
      const lost = await hold(link, "lostBytes");
      return `link ${world.clientLinks.indexOf(link) + 1}, ${directions.join(" and ")}, ${lost}`;
    } finally {
      link.clear();
    }
  },
};

export const resetLinks: FaultKind = {
  name: "connection-resets",
  words: "every connection between clients and servers is reset, ten times in two seconds",
  touches: ["client-links"],
  async run({ world }) {
    await linksInUse(world);
    let resets = 0;
    for (let n = 0; n < 10; n++) {
      for (const link of world.clientLinks) resets += link.reset();
      await sleep(200);
    }
    if (resets === 0) throw new Error("there was no connection to reset");
    return `${resets} resets`;
  },
};
