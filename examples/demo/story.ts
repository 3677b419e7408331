// The course of a run: orders come, services recover one after another, and it is over when the
// service holds nothing any more that is not decided.

import { setTimeout as pause } from "node:timers/promises";
import type { Endpoint } from "./endpoint.ts";
import type { Happening } from "./happening.ts";
import type { Ledger } from "./ledger.ts";
import { createOrders, type Random } from "./orders.ts";
import { SERVICES } from "./services.ts";
import type { Shop } from "./shop.ts";

export interface Story {
  readonly seconds: number;
  readonly random: Random;
  readonly endpoint: Endpoint;
  readonly shop: Shop;
  readonly ledger: Ledger;
  readonly tell: (happening: Happening) => void;
  readonly signal: AbortSignal;
}

/** Orders come until then, so that some find a service that works again. */
const ORDERS_UNTIL = 0.7;
/** How long after its time a run may still wait for retries. */
const LATEST_END_MS = 30_000;
const LOOK_EVERY_MS = 250;

/** @returns whether everything was decided; false if it took too long */
export async function tellStory(story: Story): Promise<boolean> {
  const startedAtMs = performance.now();
  const durationMs = story.seconds * 1_000;
  const at = (share: number) => until(startedAtMs + share * durationMs, story.signal);
  await Promise.all([placeOrders(story, at), recover(story, at)]);
  const endAtMs = startedAtMs + durationMs + LATEST_END_MS;
  while (performance.now() < endAtMs) {
    if (story.ledger.isDecided) return true;
    await pause(LOOK_EVERY_MS, undefined, { signal: story.signal });
  }
  return false;
}

type At = (share: number) => Promise<void>;

async function placeOrders({ shop, random }: Story, at: At): Promise<void> {
  const orders = createOrders(random);
  const underWay: Promise<void>[] = [];
  for (const [index, order] of orders.entries()) {
    await at((index / orders.length) * ORDERS_UNTIL);
    underWay.push(shop.place(order));
  }
  await Promise.all(underWay);
}

async function recover({ endpoint, tell }: Story, at: At): Promise<void> {
  await Promise.all(
    SERVICES.map(async ({ name, worksAfter, repair }) => {
      if (worksAfter === undefined) return;
      await at(worksAfter);
      await endpoint.repair(name);
      tell({ kind: "service", service: name, words: repair });
    }),
  );
}

/** Rejects when the signal aborts. */
async function until(atMs: number, signal: AbortSignal): Promise<void> {
  const waitMs = atMs - performance.now();
  if (waitMs > 0) await pause(waitMs, undefined, { signal });
}
