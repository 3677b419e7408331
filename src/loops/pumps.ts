import { Turns } from "../core/turns.ts";
import type { Store } from "../store/contract.ts";
import { Pump, type PumpParts, type PumpTurns } from "./pump.ts";

/** Queues are listed this often, to find those whose hint was lost. */
const DISCOVER_MS = 30_000;
/** Wait before another try to list queues. */
const AGAIN_MS = 250;

/** Ticks at once: as many as keep the store busy, so that a send waits for few of them. */
const DELIVERING_AT_ONCE = 128;
export const TENDING_AT_ONCE = 32;

export interface PumpsParts extends Omit<PumpParts, "nextClaimNumber" | "turns"> {
  store: Pick<
    Store,
    "tick" | "abandon" | "settle" | "queues" | "existingOf" | "registerWorkers" | "hints"
  > & {
    configs: Pick<Store["configs"], "onChange">;
  };
}

/**
 * Runs one pump for each queue that exists. A queue that does not exist has none, even if streams
 * ask for it: their names may be invented. Its first message sends a hint.
 */
export class Pumps {
  readonly #parts: PumpsParts;
  readonly #pumps = new Map<string, Pump>();
  readonly #turns: PumpTurns = {
    delivering: new Turns(DELIVERING_AT_ONCE),
    tending: new Turns(TENDING_AT_ONCE),
  };
  #claimNumber = 0;
  #timer: NodeJS.Timeout | undefined;
  #retryTimer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(parts: PumpsParts) {
    this.#parts = parts;
  }

  start(): void {
    const { store, registry } = this.#parts;
    store.hints.onWake((queue) => this.#wake(queue));
    store.configs.onChange((queues) => {
      // Also finds a queue that was created while its hint was lost.
      this.#wakeExisting(queues.filter((q) => this.#pumps.has(q) || registry.of(q).size > 0));
    });
    // Hints may have been lost: all queues tick.
    store.hints.onReconnect(() => this.#discover(true));
    registry.onOpened = (session) => this.#wakeExisting(session.options.queues);
    this.#timer = setInterval(() => this.#discover(false), DISCOVER_MS);
    this.#timer.unref();
    this.#discover(true);
  }

  /** Claims nothing more. Resolves when the current ticks have ended. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#timer);
    clearTimeout(this.#retryTimer);
    await Promise.all([...this.#pumps.values()].map((pump) => pump.stop()));
  }

  /** Wakes the pumps of those queues that exist; creates missing pumps. */
  #wakeExisting(queues: readonly string[]): void {
    const unknown: string[] = [];
    for (const queue of queues) {
      if (this.#pumps.has(queue)) this.#wake(queue);
      else unknown.push(queue);
    }
    if (unknown.length === 0) return;
    this.#parts.store.existingOf(unknown).then(
      (existing) => {
        for (const queue of existing) this.#wake(queue);
      },
      () => this.#discoverAgain(),
    );
  }

  #wake(queue: string): void {
    if (this.#stopped) return;
    let pump = this.#pumps.get(queue);
    if (!pump) {
      const nextClaimNumber = () => ++this.#claimNumber;
      pump = new Pump(queue, { ...this.#parts, nextClaimNumber, turns: this.#turns });
      this.#pumps.set(queue, pump);
      // Without it, these workers are counted when their entries are next written.
      this.#parts.store.registerWorkers(queue).catch(() => {});
    }
    pump.wake();
  }

  /**
   * Starts pumps for new queues and stops those of deleted queues. Wakes all pumps if `wakeAll`.
   */
  #discover(wakeAll: boolean): void {
    const startedAtMs = performance.now();
    this.#parts.store.queues().then(
      (queues) => {
        if (this.#stopped) return;
        const known = new Set(queues);
        for (const queue of queues) if (wakeAll || !this.#pumps.has(queue)) this.#wake(queue);
        for (const [queue, pump] of this.#pumps) {
          // One that was woken meanwhile may be newer than the list.
          if (known.has(queue) || pump.wokenAtMs >= startedAtMs) continue;
          this.#pumps.delete(queue);
          pump.stop().catch(() => {});
        }
      },
      // Hints have their own connection, which may be back before the store answers. Without a
      // retry, missed changes would wait for a safety tick.
      () => {
        if (wakeAll) this.#discoverAgain();
      },
    );
  }

  /** Schedules one retry, however many tries have failed. */
  #discoverAgain(): void {
    if (this.#stopped) return;
    clearTimeout(this.#retryTimer);
    this.#retryTimer = setTimeout(() => this.#discover(true), AGAIN_MS);
    this.#retryTimer.unref();
  }
}
