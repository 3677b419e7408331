import type { Store } from "../store/contract.ts";
import { Pump, type PumpParts } from "./pump.ts";

/** Queues that no hint told of are found after this long. */
const DISCOVER_MS = 30_000;

export interface PumpsParts extends PumpParts {
  store: Pick<Store, "tick" | "abandon" | "settle" | "queues" | "hints">;
}

/** One pump for each queue that exists or that a stream here asks for. */
export class Pumps {
  readonly #parts: PumpsParts;
  readonly #pumps = new Map<string, Pump>();
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(parts: PumpsParts) {
    this.#parts = parts;
  }

  start(): void {
    const { store, registry } = this.#parts;
    store.hints.onWake((queue) => this.#wake(queue));
    store.hints.onReconnect(() => this.#discover());
    registry.onOpened = (session) => {
      for (const queue of session.options.queues) this.#wake(queue);
    };
    this.#timer = setInterval(() => this.#discover(), DISCOVER_MS);
    this.#timer.unref();
    this.#discover();
  }

  /** No more claims. Resolves when none is under way. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#timer);
    await Promise.all([...this.#pumps.values()].map((pump) => pump.stop()));
  }

  #wake(queue: string): void {
    if (this.#stopped) return;
    let pump = this.#pumps.get(queue);
    if (!pump) {
      pump = new Pump(queue, this.#parts);
      this.#pumps.set(queue, pump);
    }
    pump.wake();
  }

  /** Also after an outage, when hints were missed: every queue is looked at. */
  #discover(): void {
    const { store, registry } = this.#parts;
    store.queues().then(
      (queues) => {
        if (this.#stopped) return;
        const known = new Set(queues);
        for (const queue of queues) this.#wake(queue);
        for (const [queue, pump] of this.#pumps) {
          if (known.has(queue) || registry.of(queue).size > 0) continue;
          this.#pumps.delete(queue);
          pump.stop().catch(() => {});
        }
      },
      // The store is away: its return is a reconnect.
      () => {},
    );
  }
}
