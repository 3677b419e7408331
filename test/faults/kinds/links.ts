// Faults of links: slow, disconnected and half-open ones, and lost replies.

import { setTimeout as sleep } from "node:timers/promises";
import type { Direction } from "../../support/link.ts";
import type { LinkProxy } from "../../support/link-proxy.ts";
import { until } from "../../support/until.ts";
import type { Environment } from "../rig/environment.ts";
import type { ExternalEnvironment } from "../rig/external.ts";
import type { FaultKind } from "./kind.ts";

const HOLD_MS = 3_000;
const CUTS = 20;
/** Long, because a server or store may be down or disconnected at the same time. */
const SEEN_DEADLINE_MS = 180_000;
const EITHER: readonly (readonly Direction[])[] = [["up"], ["down"], ["up", "down"]];

/** Cuts answers one after the other. @throws Error if there are too few */
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

/** Waits for a while, and until one of the links delayed or lost bytes. @throws Error if none did */
export async function hold(
  links: readonly LinkProxy[],
  effect: "held" | "lostBytes",
  holdMs = HOLD_MS,
): Promise<string> {
  const sum = () => links.reduce((total, link) => total + link[effect], 0);
  const before = sum();
  await sleep(holdMs);
  const count = () => sum() - before;
  await until(`${effect} of a link`, () => count() > 0 || undefined, SEEN_DEADLINE_MS);
  return effect === "held" ? `${count()} pieces held` : `${count()} bytes lost`;
}

export const cutReplies: FaultKind<ExternalEnvironment> = {
  name: "cut-replies",
  words: `${CUTS} replies of Redis to scripts are lost with their connections, after the scripts ran`,
  touches: ["store-link"],
  run: ({ environment, random }) =>
    cut(
      () => random.pick(environment.storeLinks),
      () => random.between(20, 250),
    ),
};

export const cutAnswers: FaultKind = {
  name: "cut-answers",
  words: `${CUTS} answers of servers are lost with their connections, after the calls ran`,
  touches: ["client-links"],
  run: ({ environment, random }) =>
    cut(
      () => random.pick(environment.clientLinks),
      () => random.between(20, 150),
    ),
};

export const slowStore: FaultKind<ExternalEnvironment> = {
  name: "slow-store-link",
  words: "20 to 200 ms more in each direction between servers and Redis",
  touches: ["store-link"],
  async run({ environment, random }) {
    const latencyMs = random.between(20, 200);
    const { storeLinks } = environment;
    for (const link of storeLinks) link.set({ latencyMs });
    try {
      return `${latencyMs} ms, ${await hold(storeLinks, "held")}`;
    } finally {
      for (const link of storeLinks) link.clear();
    }
  },
};

export const slowClients: FaultKind = {
  name: "slow-client-links",
  words: "50 to 500 ms more in each direction between clients and servers",
  touches: ["client-links"],
  async run({ environment, random }) {
    const latencyMs = random.between(50, 500);
    for (const link of environment.clientLinks) link.set({ latencyMs });
    try {
      await hold(environment.clientLinks, "held");
    } finally {
      for (const link of environment.clientLinks) link.clear();
    }
    return `${latencyMs} ms`;
  },
};

export const partStore: FaultKind<ExternalEnvironment> = {
  name: "parted-from-store",
  words: "servers and Redis are disconnected for 3 s; sent data arrives afterwards",
  touches: ["store-link"],
  async run({ environment, random }) {
    const directions = random.pick(EITHER);
    const { storeLinks } = environment;
    for (const link of storeLinks) link.set({ stalled: true }, directions);
    try {
      return `${directions.join(" and ")}, ${await hold(storeLinks, "held")}`;
    } finally {
      for (const link of storeLinks) link.clear();
    }
  },
};

export const halfOpenStore: FaultKind<ExternalEnvironment> = {
  name: "half-open-store-links",
  words: "all connections to Redis go silent for good, without an error",
  touches: ["store-link"],
  async run({ environment, random }) {
    const directions = random.pick(EITHER);
    const { storeLinks } = environment;
    for (const link of storeLinks) link.set({ blackhole: true }, directions);
    try {
      return `${directions.join(" and ")}, ${await hold(storeLinks, "lostBytes")}`;
    } finally {
      for (const link of storeLinks) link.clear();
    }
  },
};

/** The client links with connections. All clients may have left a server that was down. */
function linksInUse({ clientLinks }: Environment): Promise<readonly LinkProxy[]> {
  const used = () => {
    const links = clientLinks.filter(({ connections }) => connections > 0);
    return links.length > 0 ? links : undefined;
  };
  return until("clients of a server", used, SEEN_DEADLINE_MS);
}

export const halfOpenClients: FaultKind = {
  name: "half-open-client-links",
  words: "the connections of one server's clients go silent for good, without an error",
  touches: ["client-links"],
  async run({ environment, random }) {
    const link = random.pick(await linksInUse(environment));
    const directions = random.pick(EITHER);
    link.set({ blackhole: true }, directions);
    try {
      const lost = await hold([link], "lostBytes");
      return `link ${environment.clientLinks.indexOf(link) + 1}, ${directions.join(" and ")}, ${lost}`;
    } finally {
      link.clear();
    }
  },
};

export const resetLinks: FaultKind = {
  name: "connection-resets",
  words: "every connection between clients and servers is reset, ten times in two seconds",
  touches: ["client-links"],
  async run({ environment }) {
    await linksInUse(environment);
    let resets = 0;
    for (let n = 0; n < 10; n++) {
      for (const link of environment.clientLinks) resets += link.reset();
      await sleep(200);
    }
    if (resets === 0) throw new Error("there was no connection to reset");
    return `${resets} resets`;
  },
};
