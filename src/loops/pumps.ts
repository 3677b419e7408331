import type { Store } from "../store/contract.ts";
import { Pump, type PumpParts } from "./pump.ts";

/** Queues that no hint told of are found after this long. */
const DISCOVER_MS = 30_000;
/** A list of queues that the store did not give is asked for again after this long. */
const AGAIN_MS = 250;

export interface PumpsParts extends Omit<PumpParts, "nextClaimNumber"> {
  store: Pick<Store, "tick" | "abandon" | "settle" | "queues" | "hints"> & {
    configs: Pick<Store["configs"], "onChange">;
  };
}

/** One pump for each queue that exists or that a stream here asks for. */
export class Pumps {
  readonly #parts: PumpsParts;
  readonly #pumps = new Map<string, Pump>();
  #claimNumber = 0;
  #timer: NodeJS.Timeout | undefined;
  #again: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(parts: PumpsParts) {
    this.#parts = parts;
  }

  start(): void {
    const { store, registry } = this.#parts;
    store.hints.onWake((queue) => this.#wake(queue));
    store.configs.onChange((queues) => {
      for (const queue of queues) if (this.#pumps.has(queue)) this.#wake(queue);
    });
    // Hints were missed meanwhile: every queue is looked at.
    store.hints.onReconnect(() => this.#discover(true));
    registry.onOpened = (session) => {
      for (const queue of session.options.queues) this.#wake(queue);
    };
    this.#timer = setInterval(() => this.#discover(false), DISCOVER_MS);
    this.#timer.unref();
    this.#discover(true);
  }

  /** No more claims. Resolves when none is under way. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#timer);
    clearTimeout(this.#again);
    await Promise.all([...this.#pumps.values()].map((pump) => pump.stop()));
  }

  #wake(queue: string): void {
    if (this.#stopped) return;
    let pump = this.#pumps.get(queue);
    if (!pump) {
      pump = new Pump(queue, { ...this.#parts, nextClaimNumber: () => ++this.#claimNumber });
      this.#pumps.set(queue, pump);
    }
    pump.wake();
  }

  /** Pumps for queues that are new here; those that are known look by themselves. */
  #discover(wakeAll: boolean): void {
    const { store, registry } = this.#parts;
    store.queues().then(
      (queues) => {
        if (this.#stopped) return;
        const known = new Set(queues);
        for (const queue of queues) if (wakeAll || !this.#pumps.has(queue)) this.#wake(queue);
        for (const [queue, pump] of this.#pumps) {
          if (known.has(queue) || registry.of(queue).size > 0) continue;
          this.#pumps.delete(queue);
          pump.stop().catch(() => {});
        }
      },
      // Hints have a connection of their own: it may be back before the store can be asked, and
      // what was missed meanwhile would wait for a safety tick.
      () => {
        if (wakeAll && !this.#stopped) this.#discoverAgain();
      },
    );
  }

  /** Soon, and once, however many looks have failed. */
  #discoverAgain(): void {
    clearTimeout(this.#again);
    this.#again = setTimeout(() => this.#discover(true), AGAIN_MS);
    this.#again.unref();
  }
}
