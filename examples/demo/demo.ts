// Puts the parts of a run together, and takes them apart again in the opposite order.

import { once } from "node:events";
import { createCalls } from "./call.ts";
import { createEndpoint } from "./endpoint.ts";
import type { Happening } from "./happening.ts";
import { createLedger, type Ledger } from "./ledger.ts";
import { NEXT, nextWhileKept } from "./next.ts";
import type { DemoOptions } from "./options.ts";
import { createRandom } from "./orders.ts";
import { createPlainView } from "./plain.ts";
import { startServer } from "./server.ts";
import { type ServiceName, serviceOf } from "./services.ts";
import { openShop, type Shop } from "./shop.ts";
import { tellStory } from "./story.ts";
import { summaryOf } from "./summary.ts";
import type { Scene, View } from "./view.ts";

export interface Stage {
  readonly options: DemoOptions;
  readonly write: (text: string) => void;
  readonly openView: (scene: Scene) => View;
  /** Ends the run wherever it is. */
  readonly signal: AbortSignal;
}

const REFRESH_EVERY_MS = 250;

/** `good`: every order is decided, and none was lost. `stopped`: by the signal, before that. */
export type End = "good" | "bad" | "stopped";

export async function runDemo({ options, write, openView, signal }: Stage): Promise<End> {
  await using parts = new AsyncDisposableStack();
  write("Starting a dlq-service of its own …\n");
  const server = parts.use(await startServer(signal));
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
  };
  let view = openView(scene);
  let isShown = true;
  parts.defer(() => view.close());
  const tell = (happening: Happening) => {
    if (happening.kind === "service") works.add(happening.service);
    // What is still under way when the summary is written has no place behind it.
    if (isShown) view.happened(happening);
  };
  const shop = parts.use(
    openShop({
      url: `http://${server.grpc}`,
      call: calls.call,
      tell,
      onPlaced: ledger.placed,
      onSent: ledger.sent,
      onSettled: ledger.settled,
      signal,
    }),
  );
  parts.use(refreshing(ledger, shop, () => view.refreshed()));

  const story = { seconds: options.seconds, random, endpoint, shop, ledger, tell, signal };
  const isDecided = await orUntilAborted(Promise.race([tellStory(story), server.failed]), signal);
  view.close();
  isShown = false;
  write(summaryOf(ledger, scene.elapsedMs()));
  if (isDecided === undefined) return "stopped";
  if (!isDecided) write("Some are still undecided, and it took too long to wait for them.\n");
  const end = isDecided && ledger.lost === 0 ? "good" : "bad";
  if (!options.keep) {
    write(NEXT);
    return end;
  }

  calls.fixCoupons();
  write(nextWhileKept(server, ledger));
  view = createPlainView(scene, write);
  isShown = true;
  tell({ kind: "service", service: "coupons", words: serviceOf("coupons").repair });
  if (!signal.aborted) await Promise.race([once(signal, "abort"), server.failed]);
  return end;
}

/** Asks for the counts again and again. A call that fails shows old ones for a moment longer. */
function refreshing(ledger: Ledger, shop: Shop, then: () => void): Disposable {
  let isAsking = false;
  const timer = setInterval(() => {
    if (isAsking) return;
    isAsking = true;
    ledger
      .refresh(shop.dlq)
      .then(then, () => {})
      .finally(() => {
        isAsking = false;
      });
  }, REFRESH_EVERY_MS);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

/** Undefined when the signal aborts, which is no error then. */
async function orUntilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (signal.aborted) return undefined;
    throw error;
  }
}
