import type { QueueSettings } from "../core/settings.ts";
import { Turns } from "../core/turns.ts";
import type { Store } from "../store/contract.ts";
import { type Loop, startLoop } from "./interval.ts";
import { isOutage, type ReportParts, reportFailedTick, reportTick } from "./report.ts";

export interface TenderParts extends ReportParts {
  store: Pick<Store, "tick" | "wakeUps" | "queuesIn" | "partitions"> & {
    configs: Pick<Store["configs"], "onChange">;
  };
  settingsOf(queue: string): QueueSettings;
}

/** The store detects an outage if no server looks for 2.5 s. */
const LONGEST_PAUSE_MS = 1_000;
const SHORTEST_PAUSE_MS = 100;
/** Ticks at once: few, because sends and deliveries wait for them. */
export const TENDING_AT_ONCE = 32;
/** A queue with more work than this is ticked again after others. */
const TICKS_IN_A_ROW = 50;
/** A queue whose tick fails waits for this. */
const FAILED_PAUSE_MS = 30_000;
/**
 * All queues are ticked once in this time, some in each second, in case an index is wrong. More than 36,000 take longer: an
 * idle second must cost little.
 */
const FULL_PASS_MS = 3_600_000;
const PASSED_A_SECOND = 10;
/** Partitions whose queues are listed at once. */
const PARTITIONS_A_STEP = 8;
/** While so many wait, a look finds no others. */
const MOST_WAITING = 1_000;

/**
 * Ticks the queues that need it whether or not they have a stream: when a lease, a life, a hold or a quarantine ends, a move or
 * a deletion was left behind, or their settings have changed.
 */
export class Tender {
  readonly #parts: TenderParts;
  readonly #turns = new Turns(TENDING_AT_ONCE);
  /** The queues that are ticked now, or wait for it. */
  readonly #running = new Map<string, { isWantedAgain: boolean; readonly ended: Promise<void> }>();
  /** Those that the next look ticks: the store did not answer. */
  #later = new Set<string>();
  #loop: Loop | undefined;
  #pauseMs = LONGEST_PAUSE_MS;
  /** When it last looked at all partitions. */
  #lookedAtAllMs = Number.NEGATIVE_INFINITY;
  #stopped = false;
  /** What is left of a step of a pass over all queues, and the partition where the next step begins. */
  #pass: string[] = [];
  #nextPartition = 0;
  #passBeganAtMs = 0;
  /** When the pass goes on, or the next one begins. */
  #nextPassAtMs = Number.NEGATIVE_INFINITY;

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

  /** Resolves when the current ticks have ended. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#loop?.stop();
    await Promise.all([...this.#running.values()].map(({ ended }) => ended));
  }

  async #look(): Promise<void> {
    this.#pauseMs = LONGEST_PAUSE_MS;
    const nowMs = performance.now();
    const onlyExpected = nowMs - this.#lookedAtAllMs < LONGEST_PAUSE_MS - SHORTEST_PAUSE_MS;
    if (!onlyExpected) this.#lookedAtAllMs = nowMs;
    const most = this.#running.size > MOST_WAITING ? { most: 0 } : {};
    const { queues, nextMs } = await this.#parts.store.wakeUps.overdue({ ...most, onlyExpected });
    const later = this.#later;
    this.#later = new Set();
    for (const queue of [...later, ...queues]) this.#tend(queue);
    const soonMs = queues.length > 0 ? SHORTEST_PAUSE_MS : nextMs;
    this.#pauseMs = Math.min(Math.max(soonMs, SHORTEST_PAUSE_MS), LONGEST_PAUSE_MS);
    await this.#continuePass();
  }

  async #continuePass(): Promise<void> {
    const nowMs = performance.now();
    if (nowMs < this.#nextPassAtMs) return;
    this.#nextPassAtMs = nowMs + LONGEST_PAUSE_MS;
    for (let left = PASSED_A_SECOND; left > 0; ) {
      if (this.#pass.length === 0) await this.#listNext();
      for (const queue of this.#pass.splice(-left)) {
        this.#tend(queue);
        left--;
      }
      if (this.#pass.length > 0 || this.#nextPartition > 0) continue;
      this.#nextPassAtMs = this.#passBeganAtMs + FULL_PASS_MS;
      return;
    }
  }

  async #listNext(): Promise<void> {
    const { store } = this.#parts;
    const first = this.#nextPartition;
    const count = Math.min(PARTITIONS_A_STEP, store.partitions - first);
    // Also if this fails: the data of one partition may be damaged.
    this.#nextPartition = (first + count) % store.partitions;
    if (first === 0) this.#passBeganAtMs = performance.now();
    const lists = await store.queuesIn(Array.from({ length: count }, (_, n) => first + n));
    this.#pass = lists.flat();
  }

  #tend(queue: string): void {
    if (this.#stopped) return;
    const running = this.#running.get(queue);
    if (running !== undefined) {
      running.isWantedAgain = true;
      return;
    }
    const ended = this.#turns
      .run(() => this.#tickAll(queue))
      .catch((error: unknown) => this.#failed(queue, error))
      .finally(() => {
        const isWantedAgain = this.#running.get(queue)?.isWantedAgain === true;
        this.#running.delete(queue);
        if (isWantedAgain) this.#tend(queue);
      });
    this.#running.set(queue, { isWantedAgain: false, ended });
  }

  /** Ticks while there is work to do now. */
  async #tickAll(queue: string): Promise<void> {
    const { store, settingsOf } = this.#parts;
    for (let ticks = 0; ticks < TICKS_IN_A_ROW && !this.#stopped; ticks++) {
      const running = this.#running.get(queue);
      if (running !== undefined) running.isWantedAgain = false;
      const request = { claimNumber: 0, sessions: [], settings: settingsOf(queue) };
      const reply = await store.tick(queue, request);
      reportTick(this.#parts, queue, reply);
      if (reply.tendAtMs === undefined || reply.tendAtMs > reply.nowMs) return;
    }
  }

  async #failed(queue: string, error: unknown): Promise<void> {
    if (isOutage(error)) {
      this.#later.add(queue);
      return;
    }
    reportFailedTick(this.#parts, queue, error);
    await this.#parts.store.wakeUps.postpone(queue, FAILED_PAUSE_MS).catch(() => {});
    // Looks may have found it while its tick ran.
    const running = this.#running.get(queue);
    if (running !== undefined) running.isWantedAgain = false;
  }
}
