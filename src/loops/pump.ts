import { randomBytes } from "node:crypto";
import { giveBack } from "../app/delivery/give-back.ts";
import { type ClaimableWork, claimableAfter, QueueIsolation } from "../app/delivery/isolation.ts";
import type { Reservation, Session } from "../app/delivery/session.ts";
import type { QueueSettings } from "../core/settings.ts";
import type { Turns } from "../core/turns.ts";
import type { Claimed, SessionCredit, Store, TickReply } from "../store/contract.ts";
import { isOutage, type ReportParts, reportFailedTick, reportTick } from "./report.ts";

export interface PumpParts extends ReportParts {
  store: Pick<Store, "tick" | "abandon" | "settle">;
  settingsOf(queue: string): QueueSettings;
  random(): number;
  /**
   * Increases with each call, over all pumps of this process. A fence refuses this number and lower
   * ones.
   */
  nextClaimNumber(): number;
  /** Shared by all pumps: however many wake in the same instant, few tick at once. */
  turns: Turns;
}

/** Wait after an outage of the store, and after any other error. */
const RETRY_MS = 250;
const DEFECT_RETRY_MS = 30_000;
/** The most sessions in one tick, in turn, and the most messages for one of them. */
const SESSIONS_A_TICK = 64;
const CLAIMS_A_SESSION = 200;

/** Node's longest timer. */
const LONGEST_SLEEP_MS = 2 ** 31 - 1;

/** Before the first wake-up: nothing is due, and then the first tick may find anything. */
const BEFORE_FIRST_WAKE: ClaimableWork = {
  dueAtMs: Number.POSITIVE_INFINITY,
  isolatedDue: true,
  normalDue: true,
  onlyTooLarge: false,
};

/**
 * Delivers one queue to the streams of this server. Ticks when a message is due and a session has room, and sleeps until
 * then.
 */
export class Pump {
  readonly queue: string;
  readonly #parts: PumpParts;
  #plan: ClaimableWork = BEFORE_FIRST_WAKE;
  /** When something is due by calls of `wake` since the last tick began, which may not have seen it. */
  #wokenForMs = Number.POSITIVE_INFINITY;
  /** Something is due and no session has room: only a change of the status makes another tick useful. */
  #blocked = false;
  /** From when on streams may not know the status of the queue. Nothing is due later than that. */
  #statusAtMs = Number.POSITIVE_INFINITY;
  readonly #isolation: QueueIsolation;
  #turn = 0;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #stopped = false;

  constructor(queue: string, parts: PumpParts) {
    this.queue = queue;
    this.#isolation = new QueueIsolation(queue);
    this.#parts = parts;
  }

  /** Something has changed: streams get the status of the queue, also those without room. */
  change(): void {
    this.#statusAtMs = performance.now();
    this.wake();
  }

  /** Something may be due in `inMs`: a hint, a new stream, or new room. */
  readonly wake = (inMs = 0): void => {
    this.#wokenForMs = Math.min(this.#wokenForMs, performance.now() + inMs);
    this.#blocked = false;
    this.#expect(this.#wokenForMs);
    this.#run();
  };

  readonly #wakeNow = (): void => this.wake();

  #expect(atMs: number): void {
    if (atMs < this.#plan.dueAtMs) this.#plan = { ...this.#plan, dueAtMs: atMs };
  }

  #expectStatus(atMs: number): void {
    this.#statusAtMs = Math.min(this.#statusAtMs, atMs);
    this.#expect(atMs);
  }

  /** Resolves when the current tick has ended. */
  async untilIdle(): Promise<void> {
    await this.#running;
  }

  /** Stops after the current tick. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  #run(): void {
    if (this.#running !== undefined || this.#stopped) return;
    clearTimeout(this.#timer);
    this.#running = this.#loop()
      .catch((error: unknown) => this.#retryLater(error))
      .finally(() => {
        this.#running = undefined;
        if (!this.#stopped) this.#sleep();
      });
  }

  /** Ticks while something is due and a session has room. */
  async #loop(): Promise<void> {
    while (!this.#stopped && this.#plan.dueAtMs <= performance.now()) {
      await this.#parts.turns.take();
      try {
        const reservations = this.#stopped ? [] : this.#reserve();
        this.#blocked = reservations.length === 0;
        const isStatusOld = this.#statusAtMs <= performance.now();
        if (this.#blocked && (this.#stopped || !isStatusOld)) return;
        await this.#tick(reservations);
      } finally {
        this.#parts.turns.end();
      }
    }
  }

  /** Sleeps until something is due, which may be now. Due messages without room wait for room, and the status does not. */
  #sleep(): void {
    const atMs = this.#blocked ? this.#statusAtMs : this.#plan.dueAtMs;
    if (atMs === Number.POSITIVE_INFINITY) return;
    const afterMs = Math.max(0, Math.ceil(atMs - performance.now()));
    this.#timer = setTimeout(() => this.#run(), Math.min(afterMs, LONGEST_SLEEP_MS));
    this.#timer.unref();
  }

  /**
   * Reserves room of reading sessions, in turn. Sessions without room call back when they have
   * some.
   */
  #reserve(): Reservation[] {
    const sessions = [...this.#parts.registry.of(this.queue)];
    const reservations: Reservation[] = [];
    const first = this.#turn++ % Math.max(1, sessions.length);
    for (let step = 0; step < sessions.length; step++) {
      const session = sessions[(first + step) % sessions.length] as Session;
      if (reservations.length === SESSIONS_A_TICK) break;
      const wantIsolated = this.#isolation.isWanted(session, this.#plan);
      const reservation = session.reserve(this.queue, CLAIMS_A_SESSION, wantIsolated);
      if (reservation) reservations.push(reservation);
      else session.onceRoom(this.#wakeNow);
    }
    return reservations;
  }

  async #tick(reservations: readonly Reservation[]): Promise<void> {
    const { store, nextClaimNumber } = this.#parts;
    const settings = this.#parts.settingsOf(this.queue);
    const claimNumber = nextClaimNumber();
    const sessions = reservations.map(({ session, ...room }): SessionCredit => {
      const leaseMs = session.options.leaseMs ?? settings.leaseDurationMs;
      const { count, bytes, canIsolate } = room;
      const sessionId = session.options.id;
      return { sessionId, nonce: randomBytes(16), count, bytes, leaseMs, canIsolate };
    });
    this.#wokenForMs = Number.POSITIVE_INFINITY;
    this.#statusAtMs = Number.POSITIVE_INFINITY;
    let reply: TickReply;
    try {
      reply = await store.tick(this.queue, { claimNumber, sessions, settings });
    } catch (error) {
      await this.#abandon(claimNumber, sessions);
      for (const reservation of reservations) reservation.session.settle(reservation, []);
      this.#retryLater(error);
      return;
    }
    // Read before handing out, which may wake this pump: the reply covers that already.
    const wokenForMs = this.#wokenForMs;
    // Before handing out: a session may lose a message and get it again in one tick.
    reportTick(this.#parts, this.queue, reply);
    const unclaimed = this.#handOut(reservations, reply);
    this.#plan = claimableAfter(reply, this.#plan, performance.now());
    this.#isolation.update(
      this.#plan,
      [...this.#parts.registry.of(this.queue)],
      reservations.some(({ canIsolate }) => canIsolate),
      this.#parts.settingsOf(this.queue).leaseDurationMs,
      this.#wakeNow,
    );
    this.#expect(wokenForMs);
    // Streams get the status when a pause ends, also if nothing is due then.
    const { retryAtMs } = reply.deliveryStatus;
    if (retryAtMs !== undefined && retryAtMs > reply.nowMs) {
      this.#expectStatus(performance.now() + retryAtMs - reply.nowMs);
    }
    if (unclaimed.length > 0) await giveBack(this.#parts, unclaimed);
  }

  #retryLater(error: unknown): void {
    if (!isOutage(error)) reportFailedTick(this.#parts, this.queue, error);
    const after = (isOutage(error) ? RETRY_MS : DEFECT_RETRY_MS) * (0.5 + this.#parts.random());
    this.#plan = { ...this.#plan, dueAtMs: performance.now() + after };
    this.#expectStatus(this.#plan.dueAtMs);
  }

  /**
   * The reply was lost, and maybe a claim with it: returns those messages before anything else is
   * claimed.
   */
  async #abandon(claimNumber: number, sessions: readonly SessionCredit[]): Promise<void> {
    if (sessions.length === 0) return;
    do {
      try {
        await this.#parts.store.abandon(this.queue, claimNumber, sessions);
        return;
      } catch (error) {
        // What cannot be returned becomes due when its lease expires.
        if (!isOutage(error)) return;
        await new Promise<void>((resolve) => {
          setTimeout(resolve, RETRY_MS * (0.5 + this.#parts.random()));
        });
      }
    } while (!this.#stopped);
  }

  /** Passes claims to their sessions. Returns those of sessions that have ended meanwhile. */
  #handOut(reservations: readonly Reservation[], reply: TickReply): Claimed[] {
    const bySession = Map.groupBy(reply.claimed, ({ session }) => session);
    const unclaimed: Claimed[] = [];
    reservations.forEach((reservation, index) => {
      const claims = bySession.get(index) ?? [];
      if (reservation.session.ended) unclaimed.push(...claims);
      reservation.session.settle(reservation, reservation.session.ended ? [] : claims);
    });
    return unclaimed;
  }
}
