import type { SessionRegistry } from "../app/delivery/session-registry.ts";
import { Turns } from "../core/turns.ts";
import type { Store } from "../store/contract.ts";
import { Pump, type PumpParts } from "./pump.ts";

/** The wake-up indexes are read for some queues each second, and in 30 s for all, in case a hint was lost. */
const STEP_MS = 1_000;
const STEPS = 30;
/** Wait before another try to read them. */
const AGAIN_MS = 250;

/** Ticks at once: as many as keep the store busy, so that a send waits for few of them. */
const DELIVERING_AT_ONCE = 128;

export interface PumpsParts extends Omit<PumpParts, "nextClaimNumber" | "turns"> {
  registry: SessionRegistry;
  store: Pick<Store, "tick" | "abandon" | "settle" | "wakeUps" | "registerWorkers" | "hints"> & {
    configs: Pick<Store["configs"], "onChange">;
  };
}

/** Runs one pump for each queue with a stream on this server, and wakes it when a claim may find something. */
export class Pumps {
  readonly #parts: PumpsParts;
  readonly #pumps = new Map<string, Pump>();
  /** Queues whose streams were registered as their workers since the pump began. */
  readonly #registered = new Set<string>();
  readonly #turns = new Turns(DELIVERING_AT_ONCE);
  #claimNumber = 0;
  #timer: NodeJS.Timeout | undefined;
  /** Goes round all queues. */
  #round: Iterator<string> | undefined;
  #retryTimer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(parts: PumpsParts) {
    this.#parts = parts;
  }

  start(): void {
    const { store, registry } = this.#parts;
    // What is due at once may be so because something has changed.
    store.hints.onWake((queue, inMs) => this.#wake(queue, inMs, inMs === 0));
    store.configs.onChange((queues) => {
      for (const queue of queues) this.#wake(queue, 0, true);
    });
    // Hints may have been lost.
    store.hints.onReconnect(() => this.#readWakeUps([...this.#pumps.keys()]));
    registry.onOpened = (session) => this.#open(session.options.queues);
    registry.onClosed = (session) => this.#close(session.options.queues);
    this.#timer = setInterval(() => this.#readWakeUps(this.#nextSome()), STEP_MS);
    this.#timer.unref();
    this.#open([...registry.all()].flatMap((session) => session.options.queues));
  }

  /** Claims nothing more. Resolves when the current ticks have ended. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#timer);
    clearTimeout(this.#retryTimer);
    await Promise.all([...this.#pumps.values()].map((pump) => pump.stop()));
  }

  #open(queues: readonly string[]): void {
    if (this.#stopped) return;
    for (const queue of queues) {
      if (this.#pumps.has(queue)) continue;
      const nextClaimNumber = () => ++this.#claimNumber;
      const pump = new Pump(queue, { ...this.#parts, nextClaimNumber, turns: this.#turns });
      this.#pumps.set(queue, pump);
    }
    this.#readWakeUps(queues);
  }

  /** Ends pumps without streams, after their current tick: what that gives back is not claimed before. */
  #close(queues: readonly string[]): void {
    for (const queue of queues) {
      const pump = this.#pumps.get(queue);
      void pump?.untilIdle().then(() => {
        if (this.#parts.registry.of(queue).size > 0 || this.#pumps.get(queue) !== pump) return;
        this.#pumps.delete(queue);
        this.#registered.delete(queue);
        void pump.stop();
      });
    }
  }

  #wake(queue: string, inMs = 0, hasChanged = false): void {
    const pump = this.#pumps.get(queue);
    if (pump === undefined || this.#stopped) return;
    if (!this.#registered.has(queue)) {
      this.#registered.add(queue);
      // The queue may be newer than its streams. Without this, they are counted when their entries are next written.
      this.#parts.store.registerWorkers(queue).catch(() => {});
    }
    if (hasChanged) pump.change();
    else pump.wake(inMs);
  }

  #nextSome(): string[] {
    const some: string[] = [];
    this.#round ??= this.#pumps.keys();
    for (let left = Math.ceil(this.#pumps.size / STEPS); left > 0; left--) {
      const { value, done } = this.#round.next();
      if (done === true) {
        this.#round = undefined;
        break;
      }
      some.push(value);
    }
    return some;
  }

  /** Wakes the pumps of those queues that have something for claims, now or later, or a status to report. */
  #readWakeUps(queues: readonly string[]): void {
    if (this.#stopped || queues.length === 0) return;
    const { store, settingsOf } = this.#parts;
    for (const queue of queues) if (settingsOf(queue).paused) this.#wake(queue);
    store.wakeUps.claimable(queues).then(
      (claimable) => {
        for (const [queue, inMs] of claimable) this.#wake(queue, inMs);
      },
      // Hints have their own connection, which may be back before the store answers.
      () => this.#readAgain(),
    );
  }

  /** Schedules one retry, however many tries have failed. */
  #readAgain(): void {
    if (this.#stopped) return;
    clearTimeout(this.#retryTimer);
    this.#retryTimer = setTimeout(() => this.#readWakeUps([...this.#pumps.keys()]), AGAIN_MS);
    this.#retryTimer.unref();
  }
}
