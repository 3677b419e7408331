import { DlqError } from "../core/errors.ts";
import type { QueueSettings } from "../core/settings.ts";
import { Turns } from "../core/turns.ts";
import type { Store } from "../store/contract.ts";
import { type Loop, startLoop } from "./interval.ts";
import { type ReportParts, reportTick, warnOfFailedTick } from "./report.ts";

export interface TenderParts extends ReportParts {
  store: Pick<Store, "tick" | "wakeUps" | "queues"> & {
    configs: Pick<Store["configs"], "onChange">;
  };
  settingsOf(queue: string): QueueSettings;
}

/** The store detects an outage if no server looks for longer than two of these. */
const LONGEST_PAUSE_MS = 1_000;
const SHORTEST_PAUSE_MS = 100;
/** Ticks at once: few, because sends and deliveries wait for them. */
export const TENDING_AT_ONCE = 32;
/** A queue with more work than this is ticked again after others. */
const TICKS_IN_A_ROW = 50;
/** A queue whose tick fails waits for this. */
const FAILED_PAUSE_MS = 30_000;
/** All queues are ticked about once in this time, and few at each look, in case an index is wrong. */
const SWEEP_MS = 3_600_000;
const SWEPT_A_LOOK = 10;

/**
 * Ticks queues that need it whether or not they have a stream: when a lease, a life or a hold ends, a move is late, or their
 * settings have changed. Costs nothing for a queue without such work.
 */
export class Tender {
  readonly #parts: TenderParts;
  readonly #turns = new Turns(TENDING_AT_ONCE);
  /** The queues that are ticked now; true: once more. */
  readonly #running = new Map<string, boolean>();
  #loop: Loop | undefined;
  #pauseMs = LONGEST_PAUSE_MS;
  #stopped = false;
  #sweep: string[] = [];
  #sweepAgainAtMs = Number.NEGATIVE_INFINITY;

  constructor(parts: TenderParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#parts.store.configs.onChange((queues) => {
      for (const queue of queues) this.#tend(queue);
    });
    this.#loop = startLoop(
      () => this.#pauseMs,
      () => this.#look(),
    );
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#loop?.stop();
  }

  async #look(): Promise<void> {
    this.#pauseMs = LONGEST_PAUSE_MS;
    const { queues, nextMs } = await this.#parts.store.wakeUps.overdue();
    for (const queue of queues) this.#tend(queue);
    const soonMs = queues.length > 0 ? SHORTEST_PAUSE_MS : nextMs;
    this.#pauseMs = Math.min(Math.max(soonMs, SHORTEST_PAUSE_MS), LONGEST_PAUSE_MS);
    await this.#sweepSome();
  }

  async #sweepSome(): Promise<void> {
    const now = performance.now();
    if (this.#sweep.length === 0 && now >= this.#sweepAgainAtMs) {
      this.#sweepAgainAtMs = now + SWEEP_MS;
      this.#sweep = await this.#parts.store.queues();
    }
    for (const queue of this.#sweep.splice(-SWEPT_A_LOOK)) this.#tend(queue);
  }

  #tend(queue: string): void {
    if (this.#running.has(queue)) {
      this.#running.set(queue, true);
      return;
    }
    this.#running.set(queue, false);
    this.#turns
      .run(() => this.#tickAll(queue))
      .catch((error: unknown) => this.#failed(queue, error))
      .finally(() => {
        const isWanted = this.#running.get(queue) === true;
        this.#running.delete(queue);
        if (isWanted && !this.#stopped) this.#tend(queue);
      });
  }

  /** Ticks while there is work to do now. */
  async #tickAll(queue: string): Promise<void> {
    const { store, settingsOf } = this.#parts;
    for (let ticks = 0; ticks < TICKS_IN_A_ROW && !this.#stopped; ticks++) {
      this.#running.set(queue, false);
      const request = { claimNumber: 0, sessions: [], settings: settingsOf(queue) };
      const reply = await store.tick(queue, request);
      reportTick(this.#parts, queue, reply);
      if (reply.tendAtMs === undefined || reply.tendAtMs > reply.nowMs) return;
    }
  }

  /** After an outage the queue is still overdue. */
  async #failed(queue: string, error: unknown): Promise<void> {
    if (error instanceof DlqError && error.kind === "STORE_UNAVAILABLE") return;
    warnOfFailedTick(this.#parts.log, queue, error);
    await this.#parts.store.wakeUps.postpone(queue, FAILED_PAUSE_MS).catch(() => {});
  }
}
