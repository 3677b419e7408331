import type { SessionRegistry } from "../app/delivery/session-registry.ts";
import { isPaused, UNBLOCKED } from "../core/delivery-status.ts";
import { Turns } from "../core/turns.ts";
import type { Store } from "../store/contract.ts";
import { Pump, type PumpParts } from "./pump.ts";
import { isOutage } from "./report.ts";

/** The wake-up indexes are read for some queues each second, and in 30 s for all, in case a hint was lost. */
const STEP_MS = 1_000;
const STEPS = 30;
/** Wait before another try to read them. */
const AGAIN_MS = 250;
/** Names whose queues are looked for at once: streams may have hundreds of thousands. */
const NAMES_AT_ONCE = 1_000;

/** Ticks at once: as many as keep the store busy, so that a send waits for few of them. */
const DELIVERING_AT_ONCE = 128;

export interface PumpsParts extends Omit<PumpParts, "nextClaimNumber" | "turns"> {
  registry: SessionRegistry;
  store: Pick<Store, "tick" | "abandon" | "settle" | "wakeUps" | "registerWorkers" | "existingOf"> &
    Pick<Store, "hints"> & { configs: Pick<Store["configs"], "onChange"> };
  /** The wall clock of this process, in milliseconds. */
  now(): number;
}

/**
 * Runs pumps for queues with a stream on this server. A pump begins when a claim may first find something, and ends with the last
 * stream of its queue.
 */
export class Pumps {
  readonly #parts: PumpsParts;
  readonly #pumpParts: PumpParts;
  readonly #pumps = new Map<string, Pump>();
  #claimNumber = 0;
  #timer: NodeJS.Timeout | undefined;
  /** The queues when this round through them began, so that each has its turn, and the next step. */
  #round: readonly string[] = [];
  #step = 0;
  #retryTimer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(parts: PumpsParts) {
    this.#parts = parts;
    const nextClaimNumber = () => ++this.#claimNumber;
    this.#pumpParts = { ...parts, nextClaimNumber, turns: new Turns(DELIVERING_AT_ONCE) };
  }

  start(): void {
    const { store, registry } = this.#parts;
    // What is due at once may be so because something has changed.
    store.hints.onWake((queue, inMs) => this.#wake(queue, inMs, inMs === 0));
    store.configs.onChange((queues) => {
      for (const queue of queues) this.#wake(queue, 0, true);
    });
    // Hints may have been lost.
    store.hints.onReconnect(() => this.#readWakeUps([...registry.queues()]));
    registry.onOpened = (session) => this.#readWakeUps(session.options.queues);
    registry.onClosed = (session) => this.#close(session.options.queues);
    this.#timer = setInterval(() => this.#readWakeUps(this.#nextSome()), STEP_MS);
    this.#timer.unref();
    this.#readWakeUps([...registry.queues()]);
  }

  /** Claims nothing more. Resolves when the current ticks have ended. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#timer);
    clearTimeout(this.#retryTimer);
    await Promise.all([...this.#pumps.values()].map((pump) => pump.stop()));
  }

  /** Ends pumps without streams, after their current tick: what that gives back is not claimed before. */
  #close(queues: readonly string[]): void {
    for (const queue of queues) {
      const pump = this.#pumps.get(queue);
      void pump?.untilIdle().then(() => {
        if (this.#parts.registry.has(queue) || this.#pumps.get(queue) !== pump) return;
        this.#pumps.delete(queue);
        void pump.stop();
      });
    }
  }

  #wake(queue: string, inMs = 0, hasChanged = false): void {
    if (this.#stopped || !this.#parts.registry.has(queue)) return;
    const pump = this.#pumps.get(queue) ?? this.#begin(queue);
    if (hasChanged) pump.change();
    else pump.wake(inMs);
  }

  #begin(queue: string): Pump {
    const pump = new Pump(queue, this.#pumpParts);
    this.#pumps.set(queue, pump);
    // The queue may be newer than its streams. Without this, they are counted when their entries are next written.
    this.#parts.store.registerWorkers(queue).catch(() => {});
    return pump;
  }

  #nextSome(): string[] {
    if (this.#step === 0) this.#round = [...this.#parts.registry.queues()];
    const size = Math.ceil(this.#round.length / STEPS);
    const some = this.#round.slice(this.#step * size, (this.#step + 1) * size);
    this.#step = (this.#step + 1) % STEPS;
    return some;
  }

  /** Begins or wakes the pumps of those queues that have something for claims, now or later, or a status to report. */
  #readWakeUps(queues: readonly string[]): void {
    if (this.#stopped || queues.length === 0) return;
    const { store, settingsOf } = this.#parts;
    const paused = queues.filter((queue) => settingsOf(queue).paused);
    const claims = store.wakeUps.claimable(queues).then((claimable) => {
      for (const [queue, inMs] of claimable) this.#wake(queue, inMs);
    });
    // Hints have their own connection, which may be back before the store answers.
    Promise.all([claims, this.#wakePaused(paused)]).catch(() => this.#readAgain());
  }

  /** Their ticks report the pause. Names come from clients, who may invent them: what does not exist is not ticked. */
  async #wakePaused(queues: readonly string[]): Promise<void> {
    for (let at = 0; at < queues.length; at += NAMES_AT_ONCE) {
      const names = queues.slice(at, at + NAMES_AT_ONCE);
      const existing = await this.#parts.store.existingOf(names).catch((error: unknown) => {
        if (isOutage(error)) throw error;
        // The list of queues of a partition is damaged: another try would fail too.
        return new Set(names);
      });
      for (const queue of names) {
        if (existing.has(queue)) this.#wake(queue);
        else this.#reportPause(queue);
      }
    }
  }

  /** Reports the pause of a queue that does not exist. Its end is reported by a later call, up to 30 s late. */
  #reportPause(queue: string): void {
    const { registry, settingsOf, now } = this.#parts;
    const settings = settingsOf(queue);
    const status = isPaused(settings, now())
      ? { ...UNBLOCKED, paused: true, retryAtMs: settings.pausedUntilAtMs }
      : UNBLOCKED;
    for (const session of registry.of(queue)) session.notify(queue, status);
  }

  /** Schedules one retry, however many tries have failed. */
  #readAgain(): void {
    if (this.#stopped) return;
    clearTimeout(this.#retryTimer);
    this.#retryTimer = setTimeout(
      () => this.#readWakeUps([...this.#parts.registry.queues()]),
      AGAIN_MS,
    );
    this.#retryTimer.unref();
  }
}
