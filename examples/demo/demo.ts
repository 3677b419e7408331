// Starts the parts of a run, places the orders, repairs the services one by one, waits until every dead letter is
// recovered or quarantined, and stops the parts.

import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import { createLedger, type Ledger } from "./ledger.ts";
import { openNats } from "./nats.ts";
import { startServer } from "./server.ts";
import {
  createCalls,
  createEndpoint,
  createOrders,
  createRandom,
  type Endpoint,
  type Random,
  SERVICE_NAMES,
  SERVICES,
  type ServiceName,
  serviceOf,
} from "./services.ts";
import { openShop, type Shop } from "./shop.ts";
import {
  completenessOf,
  eventsOf,
  nextSteps,
  nextWhileKept,
  summaryOf,
  watchAdvice,
} from "./summary.ts";
import { openTally } from "./tally.ts";
import { breakerEvent, createPlainView, type DemoEvent, type Scene, type View } from "./view.ts";

export interface DemoOptions {
  /** About how long the run takes. The outages last a share of it. */
  readonly seconds: number;
  readonly seed: number;
  readonly isPlain: boolean;
  /** URL of NATS that gets the events. `own`: the demo starts a nats-server. Undefined: events are not published. */
  readonly nats: string | undefined;
  readonly keep: boolean;
  readonly help: boolean;
}

export interface Stage {
  readonly options: DemoOptions;
  readonly write: (text: string) => void;
  readonly openView: (scene: Scene) => View;
  /** Stops the run at any point. */
  readonly signal: AbortSignal;
}

const REFRESH_EVERY_MS = 250;

/** `good`: every order was decided, none was lost, and no event is missing. `stopped`: the signal came first. */
export type End = "good" | "bad" | "stopped";

export async function runDemo({ options, write, openView, signal }: Stage): Promise<End> {
  await using parts = new AsyncDisposableStack();
  if (options.nats === "own") write("Starting a nats-server …\n");
  const nats = options.nats ? parts.use(await openNats(options.nats, signal)) : undefined;
  const tally = nats && parts.use(await openTally(nats.url));
  if (nats !== undefined) write(watchAdvice(nats.url));
  write("Starting a dlq-service …\n");
  const server = parts.use(await startServer(nats?.url, signal));
  const failed = Promise.race([server.failed, ...(nats === undefined ? [] : [nats.failed])]);
  failed.catch(() => {}); // prevents an unhandled rejection before it is awaited
  const random = createRandom(options.seed);
  const endpoint = parts.use(await createEndpoint(random));
  const calls = createCalls(endpoint.urlOf);
  const ledger = createLedger();
  const works = new Set<ServiceName>();
  const startedAtMs = performance.now();
  const scene: Scene = {
    ledger,
    seconds: options.seconds,
    elapsedMs: () => performance.now() - startedAtMs,
    worksAgain: (service) => works.has(service),
    grpc: server.grpc,
    natsUrl: nats?.url,
  };
  let view = openView(scene);
  let isShown = true;
  parts.defer(() => view.close());
  const report = (event: DemoEvent) => {
    if (event.kind === "service") works.add(event.service);
    // Events after the summary are not shown.
    if (isShown) view.onEvent(event);
  };
  const shop = parts.use(
    openShop({
      url: `http://${server.grpc}`,
      call: calls.call,
      report,
      onPlaced: ledger.placed,
      onSent: ledger.sent,
      onSettled: ledger.settled,
      signal,
    }),
  );
  const reportBreakers = createBreakerReport(ledger, report);
  parts.use(
    refreshRegularly(ledger, shop, () => {
      reportBreakers();
      view.onCounts();
    }),
  );

  const course = { seconds: options.seconds, random, endpoint, shop, ledger, report, signal };
  const isDecided = await orUntilAborted(Promise.race([runCourse(course), failed]), signal);
  const elapsedMs = scene.elapsedMs();
  if (isDecided)
    await orUntilAborted(Promise.race([tally?.settle(ledger.ids, signal), failed]), signal);
  view.close();
  isShown = false;
  write(summaryOf(ledger, elapsedMs));
  if (tally !== undefined) write(eventsOf(tally.counts(ledger.ids)));
  if (isDecided === undefined) return "stopped";
  if (!isDecided) write("Some orders are still undecided after the longest wait.\n");
  const missing = tally?.missing(ledger.ids) ?? [];
  if (tally !== undefined) write(completenessOf(ledger.ids.length, missing));
  const end = isDecided && ledger.lost === 0 && missing.length === 0 ? "good" : "bad";
  if (!options.keep) {
    write(nextSteps(nats !== undefined));
    return end;
  }

  await tally?.[Symbol.asyncDispose]();
  calls.fixCoupons();
  write(nextWhileKept(server, ledger, nats?.url));
  view = createPlainView(scene, write);
  isShown = true;
  report({ kind: "service", service: "coupons", words: serviceOf("coupons").repair });
  if (!signal.aborted) await Promise.race([once(signal, "abort"), failed]);
  return end;
}

/** Returns a function that reports the breakers whose state has changed since its last call. */
function createBreakerReport(ledger: Ledger, report: (event: DemoEvent) => void): () => void {
  const states = new Map(SERVICE_NAMES.map((service) => [service, ledger.breaker(service)]));
  return () => {
    for (const [service, before] of states) {
      const state = ledger.breaker(service);
      if (state === before) continue;
      states.set(service, state);
      report(breakerEvent(service, state));
    }
  };
}

/** Reads the counts periodically. After a failed call the old ones stay. */
function refreshRegularly(ledger: Ledger, shop: Shop, then: () => void): Disposable {
  let isReading = false;
  const timer = setInterval(() => {
    if (isReading) return;
    isReading = true;
    ledger
      .refresh(shop.dlq)
      .then(then, () => {})
      .finally(() => {
        isReading = false;
      });
  }, REFRESH_EVERY_MS);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

/** Resolves with undefined if the signal aborts. */
async function orUntilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (signal.aborted) return undefined;
    throw error;
  }
}

export interface Course {
  readonly seconds: number;
  readonly random: Random;
  readonly endpoint: Endpoint;
  readonly shop: Shop;
  readonly ledger: Ledger;
  readonly report: (event: DemoEvent) => void;
  readonly signal: AbortSignal;
}

/** The last order comes at this share of the run, when some services work again. */
const ORDERS_UNTIL = 0.7;
/** How long a run may wait for retries after its planned end. */
const EXTRA_WAIT_MS = 30_000;
const CHECK_EVERY_MS = 250;

/** @returns whether everything was decided; false if it took too long */
export async function runCourse(course: Course): Promise<boolean> {
  const startedAtMs = performance.now();
  const durationMs = course.seconds * 1_000;
  const at = (share: number) => until(startedAtMs + share * durationMs, course.signal);
  await Promise.all([placeOrders(course, at), recover(course, at)]);
  const giveUpAtMs = startedAtMs + durationMs + EXTRA_WAIT_MS;
  while (performance.now() < giveUpAtMs) {
    if (course.ledger.isDecided) return true;
    await pause(CHECK_EVERY_MS, undefined, { signal: course.signal });
  }
  return false;
}

type At = (share: number) => Promise<void>;

async function placeOrders({ shop, random }: Course, at: At): Promise<void> {
  const orders = createOrders(random);
  const underWay: Promise<void>[] = [];
  for (const [index, order] of orders.entries()) {
    await at((index / orders.length) * ORDERS_UNTIL);
    underWay.push(shop.place(order));
  }
  await Promise.all(underWay);
}

async function recover({ endpoint, report }: Course, at: At): Promise<void> {
  await Promise.all(
    SERVICES.map(async ({ name, worksAfter, repair }) => {
      if (worksAfter === undefined) return;
      await at(worksAfter);
      await endpoint.repair(name);
      report({ kind: "service", service: name, words: repair });
    }),
  );
}

/** Rejects when the signal aborts. */
async function until(atMs: number, signal: AbortSignal): Promise<void> {
  const waitMs = atMs - performance.now();
  if (waitMs > 0) await pause(waitMs, undefined, { signal });
}
